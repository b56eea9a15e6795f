#include "cli/commands/doctor/system.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::uint64_t kMaxReleaseBytes = 1U << 16U;

// The value of a shell assignment, which os-release's lines are.
std::string_view unquoted(std::string_view value) {
  const bool is_quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                         value.back() == value.front();
  return is_quoted ? value.substr(1, value.size() - 2) : value;
}

bool has_word(std::string_view words, std::string_view word) {
  return fmt::format(" {} ", words).find(fmt::format(" {} ", word)) != std::string::npos;
}

Packager packager_of(std::string_view families) {
  if (has_word(families, "debian")) return Packager::apt;
  if (has_word(families, "fedora")) return Packager::dnf;
  return Packager::unknown;
}

}  // namespace

System parse_os_release(std::string_view text) {
  System system;
  std::string families;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = base::trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = std::min(line.find('='), line.size());
    const auto key = line.substr(0, equals);
    const auto value = unquoted(line.substr(std::min(equals + 1, line.size())));
    if (key == "PRETTY_NAME") system.name = value;
    if (key == "ID") system.id = value;
    if (key == "ID" || key == "ID_LIKE") families += fmt::format(" {}", value);
    if (key == "VERSION_ID") {
      std::from_chars(value.data(), value.data() + value.size(), system.version);
    }
  }
  system.packager = packager_of(families);
  return system;
}

System this_system() {
  for (const char* file : {"/etc/os-release", "/usr/lib/os-release"}) {
    try {
      return parse_os_release(base::read_file(file, kMaxReleaseBytes));
    } catch (const Error&) {
    }
  }
  return {};
}

std::string install_advice(const Packages& packages, const System& system) {
  const bool is_debian = system.id == "debian" && system.version >= packages.debian;
  const bool is_ubuntu = system.id == "ubuntu" && system.version >= packages.ubuntu;
  if (!packages.apt.empty() && system.packager == Packager::apt && (is_debian || is_ubuntu)) {
    return fmt::format("install it: `apt-get install {}`", packages.apt);
  }
  if (!packages.dnf.empty() && system.packager == Packager::dnf) {
    return fmt::format("install it: `dnf install {}`", packages.dnf);
  }
  return std::string(packages.otherwise);
}

}  // namespace wasmctl::cli
