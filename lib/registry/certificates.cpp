#include "registry/certificates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"

namespace wasmctl::registry {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxCertificateBytes = 1024 * 1024;  // of a file of certificates

std::vector<fs::path> certificate_places(const Environment& env) {
  std::vector<fs::path> all;
  const auto config = env("XDG_CONFIG_HOME");
  const auto home = env("HOME");
  if (config && fs::path(*config).is_absolute()) {
    all = {fs::path(*config) / "containers/certs.d", fs::path(*config) / "docker/certs.d"};
  } else if (home && !home->empty()) {
    all = {fs::path(*home) / ".config/containers/certs.d",
           fs::path(*home) / ".config/docker/certs.d"};
  }
  all.emplace_back("/etc/containers/certs.d");
  all.emplace_back("/etc/docker/certs.d");
  return all;
}

std::vector<fs::path> files_of(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The key beside a client's certificate.
fs::path key_of(const fs::path& certificate) {
  auto key = fs::path(certificate).replace_extension(".key");
  if (!fs::exists(key)) {
    throw Error(Code::not_found, fmt::format("the certificate `{}` has no key `{}`",
                                             certificate.native(), key.native()));
  }
  return key;
}

void add_from(const fs::path& directory, http::TlsOptions& options) {
  const bool shows_one = !options.cert_file.empty();
  for (const auto& file : files_of(directory)) {
    if (file.extension() == ".crt") {
      options.authorities += base::read_file(file, kMaxCertificateBytes) + "\n";
    }
    if (file.extension() == ".cert" && !shows_one) {
      options.cert_file = file;
      options.key_file = key_of(file);
    }
  }
}

}  // namespace

http::TlsOptions with_certificates(http::TlsOptions given, const std::string& registry,
                                   const Environment& env) {
  const auto places = certificate_places(env);
  const auto place = std::ranges::find_if(places, [&](const fs::path& each) {
    std::error_code ignored;
    return fs::is_directory(each / registry, ignored);
  });
  if (place != places.end()) add_from(*place / registry, given);
  given.system_file = env("SSL_CERT_FILE").value_or("");
  given.system_directories = env("SSL_CERT_DIR").value_or("");
  return given;
}

std::filesystem::path authorities_file(const Environment& env) {
  std::error_code ignored;
  if (const auto named = env("SSL_CERT_FILE"); named && !named->empty()) {
    if (fs::is_regular_file(*named, ignored)) return *named;
    throw Error(Code::not_found, fmt::format("SSL_CERT_FILE: no file `{}`", *named));
  }
  // Debian and Alpine, Fedora, openSUSE. Source: Go crypto/x509, root_linux.go.
  constexpr std::string_view kFiles[] = {
      "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
      "/etc/ssl/ca-bundle.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"};
  for (const auto file : kFiles) {
    if (fs::is_regular_file(file, ignored)) return file;
  }
  throw Error(Code::not_found, "there is no file of certificate authorities");
}

std::size_t count_certificates(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  std::size_t count = 0;
  for (auto at = pem.find(kBegin); at != std::string_view::npos; at = pem.find(kBegin, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace wasmctl::registry
