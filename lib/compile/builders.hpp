// The ways in which a plugin's directory becomes a module, one for each of plugin::Builder, and
// what they share: where things lie, and what becomes of the module that a linker wrote. A further
// language is one of these functions and a case in build.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/finding.hpp"
#include "compile/build.hpp"
#include "compile/state.hpp"

namespace wasmctl::compile {

// Each throws Error{Code::tool_missing} where what it drives is not installed, and otherwise as
// build() says.
Result build_with_clang(const plugin::Plugin& plugin, const ToolchainSearch& search,
                        const Options& options);
Result build_with_cargo(const plugin::Plugin& plugin, const ToolchainSearch& search,
                        const Options& options);
Result build_with_go(const plugin::Plugin& plugin, const ToolchainSearch& search,
                     const Options& options);

// Where all of one plugin's build lies; absolute, since compilers run in the plugin's directory.
struct Paths {
  fs::path plugin;   // its directory
  fs::path build;    // the build directory
  fs::path objects;  // obj, or obj-g with -g
  fs::path others;   // the other of the two
  fs::path module;

  fs::path state() const { return objects / "state.json"; }
  fs::path linked() const { return objects / "linked.wasm"; }
};
Paths paths_of(const plugin::Plugin& plugin, const Options& options);

// The plugin's settings and the command line's. The directories of the latter become absolute,
// since they are relative to where wasmctl runs; the former stay as they are, so that the same
// names are compiled in wherever the plugin lies.
plugin::BuildSettings settings_of(const plugin::Plugin& plugin, const Options& options);

// Makes `paths.objects`, and `more` below it. The build directory that nobody named lies in the
// plugin's and may have come with it: then no part of it may be a link.
void make_directories(const Paths& paths, const std::vector<fs::path>& more = {});

// One that came as a link is not followed.
fs::path lock_file(const Paths& paths);

// The flags of the command line that the module was made with, if now there are none.
std::string lost_flags(const Paths& paths, const State& state, const Options& options);

// What changes what ship() makes of the same linked module, or whether it takes it.
std::string shipping_key(const plugin::Plugin& plugin, const Options& options);

// What the plugin's sources say of the findings of lint.
using Explain = std::function<void(std::vector<Finding>& findings)>;

// What becomes of exports that Envoy has no use for.
enum class Exports : std::uint8_t {
  kept,     // the plugin's sources ask for them
  dropped,  // its language's linker exports them unasked
};

// Of the module that was linked, what goes to the proxy appears, with its side file and
// descriptions, once lint finds no error in it.
void ship(const fs::path& linked, const fs::path& module, const plugin::Plugin& plugin,
          const Options& options, Exports exports, const Explain& explain);

// For a compiler that is asked about itself: a first answer of rustup's or go's takes a while.
inline constexpr std::chrono::seconds kLongestAnswer{10};

// A module that a language's own tool has linked.
struct Linked {
  fs::path module;
  std::string warnings;
};

// For the languages whose own tool decides what is up to date: runs `link`, and ships what it made
// where that is new. Throws Error{Code::usage} if `options` has settings for C++; `advice` says
// where the plugin has them.
Result build_by(const plugin::Plugin& plugin, const Options& options, std::string_view advice,
                const std::function<Linked(const Paths&)>& link);

}  // namespace wasmctl::compile
