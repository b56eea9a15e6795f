// How packages are installed on this system, for doctor's advice.
// Source: os-release(5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wasmctl::cli {

enum class Packager : std::uint8_t { apt, dnf, unknown };

struct System {
  std::string name;  // "Debian GNU/Linux 12 (bookworm)"; empty: not known
  std::string id;    // "debian"
  Packager packager = Packager::unknown;
  double version = 0;  // 12; of Ubuntu 24.04
};

// From the text of os-release.
System parse_os_release(std::string_view text);
System this_system();

// Where a package is found by which name. An empty name: not known.
struct Packages {
  std::string_view apt;
  double debian = 0;  // the first version that has a usable one; `kNoVersion`: none
  double ubuntu = 0;
  std::string_view dnf = {};
  std::string_view otherwise;  // the generic word, a whole sentence
};
inline constexpr double kNoVersion = 1e9;

// "install it: `apt-get install cargo`", or the generic word where no package is known to do.
std::string install_advice(const Packages& packages, const System& system);

}  // namespace wasmctl::cli
