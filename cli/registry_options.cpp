#include "cli/registry_options.hpp"

#include <fmt/format.h>

#include <memory>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/progress.hpp"

namespace wasmctl::cli {

void add_registry_options(CLI::App& command, RegistryOptions& options) {
  auto* plain = command.add_flag("--plain-http", options.plain_http,
                                 "Speak HTTP without TLS (on loopback found out by itself)");
  command
      .add_option("--ca-file", options.ca_file,
                  "Trust the certificate authorities of this PEM file, not the system's")
      ->type_name("FILE")
      ->excludes(plain);
  auto* cert = command
                   .add_option("--cert-file", options.cert_file,
                               "Show the registry this client certificate (PEM)")
                   ->type_name("FILE");
  auto* key = command.add_option("--key-file", options.key_file, "The key of --cert-file (PEM)")
                  ->type_name("FILE");
  cert->needs(key);
  key->needs(cert);
  command
      .add_flag("--insecure-skip-tls-verify", options.skip_tls_verify,
                "Accept any certificate: whoever is in between can read and change all")
      ->excludes(plain);
}

void add_upload_options(CLI::App& command, RegistryOptions& options) {
  command
      .add_option("--chunk-size", options.chunk_bytes,
                  "Send a blob in requests of this size, as `5MB`, for registries and proxies that "
                  "refuse large ones (found out by itself where they answer 413)")
      ->transform(CLI::AsSizeValue(false))
      ->option_text("SIZE");
}

registry::Options registry_options(Context& context, const RegistryOptions& options) {
  for (const auto& file : {options.ca_file, options.cert_file, options.key_file}) {
    if (!file.empty() && !std::filesystem::exists(file)) {
      throw Error(Code::not_found, fmt::format("no file `{}`", file));
    }
  }
  if (options.skip_tls_verify) {
    base::log_warning("the registry's certificate is not checked (--insecure-skip-tls-verify)");
  }
  registry::Options result;
  result.plain_http = options.plain_http;
  result.ca_file = options.ca_file;
  result.cert_file = options.cert_file;
  result.key_file = options.key_file;
  result.skip_tls_verify = options.skip_tls_verify;
  result.chunk_bytes = options.chunk_bytes;
  const auto cache = cache_directory(context);
  if (!cache.empty()) result.uploads = cache / "uploads";
  result.env = context.env;
  const auto progress = std::make_shared<Progress>(context.err, context.terminal);
  if (!context.quiet) {
    result.progress = [progress](std::uint64_t expected, std::uint64_t moved) {
      progress->add(expected, moved, Progress::Clock::now());
    };
  }
  result.warn = [progress](const std::string& message) {
    progress->clear();
    base::log_warning(message);
  };
  return result;
}

}  // namespace wasmctl::cli
