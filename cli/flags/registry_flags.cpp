#include "cli/flags/registry_flags.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <charconv>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output/progress.hpp"

namespace wasmctl::cli {

namespace {

const std::string kFrom = "from";
const std::string kTo = "to";
constexpr char kHeading[] = "Talking to a registry";
constexpr char kPlainHttp[] = "plain-http";
constexpr char kCaFile[] = "ca-file";
constexpr char kCertFile[] = "cert-file";
constexpr char kKeyFile[] = "key-file";
constexpr char kSkipTlsVerify[] = "insecure-skip-tls-verify";

// "--ca-file", or that for one end, "--from-ca-file".
std::string flag(const std::string& end, const char* name) {
  return end.empty() ? fmt::format("--{}", name) : fmt::format("--{}-{}", end, name);
}

RegistryOptions for_end(const RegistryOptions& both, const RegistryOptions& end) {
  auto result = both;
  if (end.plain_http) {
    result.plain_http = true;
    result.tls = end.tls;
    return result;
  }
  const bool trusts = !end.tls.ca_file.empty() || end.tls.skip_verify;
  const bool shows = !end.tls.cert_file.empty();
  if (trusts || shows) result.plain_http = false;
  if (trusts) {
    result.tls.ca_file = end.tls.ca_file;
    result.tls.skip_verify = end.tls.skip_verify;
  }
  if (shows) {
    result.tls.cert_file = end.tls.cert_file;
    result.tls.key_file = end.tls.key_file;
  }
  return result;
}

// For one `end`, "from" or "to", they are `--from-plain-http`..., under a heading of their own;
// what they mean stands with those that hold for both.
void add_options(CLI::App& command, RegistryOptions& options, const std::string& end,
                 const std::string& heading) {
  const auto add = [&](CLI::Option* option, const char* meaning) {
    return end.empty() ? option->description(meaning)->group(kHeading) : option->group(heading);
  };
  const auto add_file = [&](const char* name, std::string& file, const char* meaning) {
    return add(command.add_option(flag(end, name), file), meaning)->type_name("FILE");
  };
  auto* plain = add(command.add_flag(flag(end, kPlainHttp), options.plain_http),
                    "Speak HTTP without TLS (on loopback found out by itself)");
  add_file(kCaFile, options.tls.ca_file,
           "Trust the certificate authorities of this PEM file, not the system's")
      ->excludes(plain);
  auto* cert = add_file(kCertFile, options.tls.cert_file,
                        "Show the registry this client certificate (PEM), with --key-file");
  auto* key = add_file(kKeyFile, options.tls.key_file, "The key of --cert-file (PEM)");
  cert->needs(key);
  key->needs(cert);
  add(command.add_flag(flag(end, kSkipTlsVerify), options.tls.skip_verify),
      "Accept any certificate: whoever is in between can read and change all")
      ->excludes(plain);
}

void set_transport(registry::Options& result, const RegistryOptions& options) {
  for (const auto& file : {options.tls.ca_file, options.tls.cert_file, options.tls.key_file}) {
    if (!file.empty() && !std::filesystem::exists(file)) {
      throw Error(Code::not_found, fmt::format("no file `{}`", file));
    }
  }
  static_cast<registry::Transport&>(result) = options;
}

void warn_of_skipped_check(std::string_view whose, const std::string& end) {
  base::log_alarm(
      fmt::format("{} certificate is not checked ({})", whose, flag(end, kSkipTlsVerify)));
}

// For CLI11: replaces "5MB", "64 KiB" or "65536" by the number of bytes, or returns what is wrong
// with it. A unit is a power of 1024 with and without an `i`, as registries' documents mean it.
std::string to_bytes(std::string& text) {
  auto is_none = fmt::format(
      "`{}` is not a size: write a number of bytes, at least 1, or with a unit, as `5MB`", text);
  auto is_too_large =
      fmt::format("`{}` is more than a file can have: write a smaller size, as `5MB`", text);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  auto unit =
      base::lower(std::string_view(text).substr(static_cast<std::size_t>(end - text.data())));
  unit.erase(0, std::min(unit.find_first_not_of(' '), unit.size()));
  if (unit.ends_with('b')) unit.pop_back();
  if (unit.size() == 2 && unit.ends_with('i')) unit.pop_back();
  constexpr std::string_view kUnits = "kmgt";
  const auto power = kUnits.find(unit);  // of an empty one: 0
  if (error == std::errc::invalid_argument || unit.size() > 1 || power == std::string_view::npos) {
    return is_none;
  }
  if (error == std::errc::result_out_of_range) return is_too_large;
  if (size == 0) return is_none;
  // Positions in a file are signed.
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto bits = unit.empty() ? 0 : 10 * (power + 1);
  if (size > kMost >> bits) return is_too_large;
  text = std::to_string(size << bits);
  return "";
}

// So that nothing is said twice. Safe from several threads.
class Said {
 public:
  bool is_new(const std::string& message) {
    const std::lock_guard lock(mutex_);
    return messages_.insert(message).second;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> messages_;
};

// All but how the registry is spoken to.
registry::Options base_options(Context& context) {
  registry::Options result;
  const auto cache = cache_directory(context);
  if (!cache.empty()) result.uploads = cache / "uploads";
  result.env = context.env;
  // The lines of -v would be written behind the bar.
  const bool draws = !base::log_enabled(base::LogLevel::info);
  const auto progress =
      std::make_shared<Progress>(context.err, draws ? context.columns : Progress::Columns());
  if (!context.quiet) {
    base::set_log_around([bar = std::weak_ptr(progress)](const auto& write) {
      if (const auto drawn = bar.lock()) return drawn->write_over(write);
      write();
    });
    result.progress = [progress](std::uint64_t expected, std::uint64_t moved) {
      progress->add(expected, moved, Progress::Clock::now());
    };
  }
  // What is wrong with a config of docker's, each of two registries may find.
  const auto said = std::make_shared<Said>();
  result.warn = [said](const std::string& message) {
    if (said->is_new(message)) base::log_warning(message);
  };
  return result;
}

}  // namespace

void add_registry_options(CLI::App& command, RegistryOptions& options) {
  add_options(command, options, "", "");
}

void add_registry_options(CLI::App& command, EndsOptions& options) {
  add_registry_options(command, options.both);
  add_options(command, options.from, kFrom, "For SOURCE's registry alone, in place of those above");
  add_options(command, options.to, kTo, "For TARGET's registry alone, in place of those above");
}

void add_upload_options(CLI::App& command, RegistryOptions& options) {
  command
      .add_option("--chunk-size", options.chunk_bytes,
                  "Send a blob in requests of this size, as `5MB`, for registries and proxies that "
                  "refuse large ones (found out by itself where they answer 413)")
      ->transform(CLI::Validator(&to_bytes, ""))
      ->type_name("SIZE")
      ->group(kHeading);
}

registry::Options registry_options(Context& context, const RegistryOptions& options) {
  auto result = base_options(context);
  set_transport(result, options);
  if (options.tls.skip_verify) warn_of_skipped_check("the registry's", "");
  return result;
}

Ends registry_options(Context& context, const EndsOptions& options) {
  const auto source = for_end(options.both, options.from);
  const auto target = for_end(options.both, options.to);
  Ends ends;
  ends.source = base_options(context);
  ends.target = ends.source;
  set_transport(ends.source, source);
  set_transport(ends.target, target);
  const bool source_as_both = source.tls.skip_verify && !options.from.tls.skip_verify;
  const bool target_as_both = target.tls.skip_verify && !options.to.tls.skip_verify;
  if (source_as_both || target_as_both) warn_of_skipped_check("the registry's", "");
  if (options.from.tls.skip_verify) warn_of_skipped_check("the source's", kFrom);
  if (options.to.tls.skip_verify) warn_of_skipped_check("the target's", kTo);
  return ends;
}

}  // namespace wasmctl::cli
