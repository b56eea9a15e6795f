// What a plugin is built with, beside its sources: said once, in wasmctl.yaml, for every command
// that builds. The flags of the command line of the same names come after it.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/place.hpp"

namespace wasmctl::plugin {

// A library in source form, somewhere on this machine. One that wasmctl has a recipe for
// (lib/compile/recipes.hpp) needs no more than its name and its tree.
struct Library {
  std::string name;
  std::filesystem::path tree;              // of the file: relative to the plugin's directory
  std::vector<std::string> sources = {};   // patterns below the tree: "src/*.c", `*` within a name
  std::vector<std::string> includes = {};  // directories below the tree
  std::vector<std::string> defines = {};   // for the library and for the plugin
  Place place = {};                        // where it is named, for messages

  bool operator==(const Library&) const = default;
};

struct BuildSettings {
  std::vector<std::string> defines;   // NAME or NAME=VALUE
  std::vector<std::string> includes;  // directories; those of the file relative to the plugin's
  std::string optimize;               // as in -Oz, one of kLevels; empty: not said
  std::string standard;               // of C++, one of kStandards; empty: not said
  std::vector<std::string> compile_flags;  // for C++, handed to the compiler as they are, last
  std::vector<std::string> link_flags;     // handed to the linker's driver
  std::vector<Library> libraries;          // none of a name twice
};

inline constexpr std::string_view kLevels[] = {"0", "1", "2", "3", "s", "z"};
inline constexpr std::string_view kStandards[] = {"c++17",   "c++20",   "c++23",   "c++26",
                                                  "gnu++17", "gnu++20", "gnu++23", "gnu++26"};

// `file` with `flags` after it. A macro or library that both name is the flags'; so are level and
// standard.
BuildSettings join(BuildSettings file, const BuildSettings& flags);

// NAME, NAME=VALUE or NAME(ARGUMENTS)=VALUE, NAME being an identifier.
bool is_define(std::string_view text);

// NAME, as `libraries` and --library have it: letters, digits, `-`, `_`, `.` and `+`, a letter or
// digit first.
bool is_library_name(std::string_view text);

// A plugin's directory may be a stranger's, and `lint` or `inspect` of it must neither run code nor
// write a file of his choice. A compiler has flags for both (-fplugin, -MF, @FILE, -Wl,-o,FILE), so
// a wasmctl.yaml may hand over only what is known to change the module and nothing else. The first
// of `flags` that is not, if there is one; on the command line they all are the caller's own.
std::optional<std::string> unsafe_compile_flag(std::span<const std::string> flags);
std::optional<std::string> unsafe_link_flag(std::span<const std::string> flags);

}  // namespace wasmctl::plugin
