// Makes a Wasm module of a plugin's directory, by what compiles it (builders.hpp): C and C++
// sources in parallel, only those that changed, linked with LTO; cargo and Go know themselves what
// changed. What was linked is stripped, checked as Envoy will check it, and only then does the
// module appear.
//
// In the build directory (default: `build` in the plugin's), in which no link is followed, since it
// may have come with the sources:
//     NAME.wasm                the module
//     NAME.debug.wasm          what was stripped from it, names and DWARF: for inspect, lint and
//                              symbolize (wasm/symbols.hpp)
//     NAME.schema.json ...     what the sources say of the configuration: see descriptions.hpp
//     compile_commands.json    for editors; clangd looks there by itself
//     obj/                     objects, their depfiles, and state.json, which says what they were
//                              made from (obj-g/ with -g); cargo/ in it is cargo's
// In the cache directory, for all plugins, the compiled SDK: see sdk_cache.hpp.
// The module's bytes depend on the sources, wasmctl.yaml, the options and the toolchain alone: not
// on the directory, the environment or what else is installed. (cargo and Go have settings of their
// user's beside.) Whereas C++ is only compiled, cargo runs what the sources tell it to: build
// scripts and macros.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compile/library_cache.hpp"
#include "compile/toolchain.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::compile {

struct Options {
  // Of C and C++, after the plugin's own; includes: to the working directory.
  plugin::BuildSettings settings;
  bool debug = false;                     // -g: DWARF and names stay in the module
  bool names = false;                     // the functions' names stay in the module
  bool lint = true;                       // refuse what Envoy would refuse
  unsigned jobs = 0;                      // compilers at a time; 0: one for each processor
  bool color = false;                     // the compiler's messages
  fs::path cache;                         // the cache directory; empty: the build directory
  LibraryProgress library_progress = {};  // of libraries that are compiled for the first time
  std::string typed;  // those of them that change the module, as typed: `-O 2 -D 'A="b c"'`
};

struct Result {
  fs::path module;           // build directory / NAME.wasm
  std::size_t compiled = 0;  // sources compiled in this run; 0 if all was up to date
  std::string warnings;      // the compiler's own words
  std::string lost_flags;    // the module before was made with these, and nobody typed any now
};

// Throws Error{Code::tool_missing} where what compiles the plugin is not there,
// Error{Code::build_failed} with the compiler's or linker's own words,
// Error{Code::unloadable} for a module that Envoy would refuse: for an import that it does not
// offer, with the places in the sources that ask for it.
Result build(const plugin::Plugin& plugin, const ToolchainSearch& search, const Options& options);

}  // namespace wasmctl::compile
