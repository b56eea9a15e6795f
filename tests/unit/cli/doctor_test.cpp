#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "cli/commands/doctor/checks.hpp"
#include "cli/commands/doctor/system.hpp"
#include "registry/certificates.hpp"
#include "registry/credential_helper.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

TEST_CASE("the version in what a program says of itself") {
  struct Case {
    const char* said;
    const char* version;
  };
  const Case cases[] = {
      {"Debian clang version 22.1.8 (++20261003-1~deb12u1)\n", "22.1.8"},
      {"Debian LLD 22.1.8 (compatible with GNU linkers)\n", "22.1.8"},
      {"go version go1.27.3 linux/amd64\n", "1.27.3"},
      {"Client Version: v1.32.4\nKustomize Version: v5.5.0\n", "1.32.4"},
      {"cargo 1.95.0 (f2d3ce0bd 2026-03-21)\n", "1.95.0"},
      {"client version: 1.30.0-alpha.1\n", "1.30.0"},
      {"at 7 of 8. v3.4.\n", "3.4"},
      {"1.\x1b[31m2", ""},
      {"none", ""},
      {"", ""},
  };
  for (const auto& [said, version] : cases) {
    CAPTURE(said);
    CHECK(cli::version_in(said) == version);
  }
}

TEST_CASE("how packages are installed, by os-release") {
  const cli::Packages packages{
      .apt = "cargo", .debian = 13, .ubuntu = 24.04, .dnf = "cargo-f", .otherwise = "by rustup"};
  struct Case {
    const char* text;
    const char* advice;
  };
  const Case cases[] = {
      {"ID=debian\nVERSION_ID=\"13\"\n", "install it: `apt-get install cargo`"},
      {"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n",
       "by rustup"},
      {"ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\n", "install it: `apt-get install cargo`"},
      {"ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"22.04\"\n", "by rustup"},
      {"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"22\"\n", "by rustup"},
      {"ID=fedora\nVERSION_ID=43\n", "install it: `dnf install cargo-f`"},
      {"ID='rocky'\nID_LIKE='rhel centos fedora'\n", "install it: `dnf install cargo-f`"},
      {"ID=alpine\n=\n\nVERSION_ID=x\n", "by rustup"},
      {"", "by rustup"},
  };
  for (const auto& [text, advice] : cases) {
    CAPTURE(text);
    CHECK(cli::install_advice(packages, cli::parse_os_release(text)) == advice);
  }
  CHECK(cli::parse_os_release("PRETTY_NAME=\"A \\ B\"").name == "A \\ B");
}

TEST_CASE("certificates and helpers that the logins' files name") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "ca.pem";
  base::write_file(file, "-----BEGIN CERTIFICATE-----\nx\n-----BEGIN CERTIFICATE-----");
  CHECK(registry::count_certificates(base::read_file(file, 100)) == 2);
  const auto named = [&](const std::string& name) -> std::optional<std::string> {
    return name == "SSL_CERT_FILE" ? std::optional(file.native()) : std::nullopt;
  };
  CHECK(registry::authorities_file(named) == file);

  base::write_file(directory.path() / "config.json",
                   R"({"credsStore": "desktop",
                       "credHelpers": {"ghcr.io": "gh", "b": "gh", "c": "", "d": 3}})");
  std::vector<std::string> warnings;
  const auto helpers = registry::named_helpers(
      [&](const std::string& name) -> std::optional<std::string> {
        return name == "DOCKER_CONFIG" ? std::optional(directory.path().native()) : std::nullopt;
      },
      [&](const std::string& why) { warnings.push_back(why); });
  REQUIRE(helpers.size() == 2);
  CHECK(helpers[0].program() == "docker-credential-gh");
  CHECK(helpers[1].program() == "docker-credential-desktop");
  CHECK(helpers[1].key == "credsStore");
  CHECK(warnings.empty());
}
