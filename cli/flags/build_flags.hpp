// The flags of every command that builds a plugin's directory first. What a plugin always needs is
// in its wasmctl.yaml; these come after it.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "compile/build.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::cli {

struct BuildFlags {
  std::string clang;      // --clang or $WASMCTL_CLANG; empty: find one
  std::string directory;  // --build-dir; empty: DIR/build
  compile::Options build;
};

void add_build_flags(CLI::App& command, BuildFlags& flags);

// Reads the plugin's directory; what is made of it goes where the flags say.
plugin::Plugin load_plugin(const std::string& directory, const BuildFlags& flags);

// The flags that change the module, as they were typed.
std::string typed_flags(const BuildFlags& flags);

// Where compilers are looked for, by flags and environment.
compile::ToolchainSearch toolchain_search(Context& context, const BuildFlags& flags);

// Builds with the compiler that flags and environment name, or the newest found; shows the
// compiler's warnings.
compile::Result build_plugin(Context& context, const plugin::Plugin& plugin,
                             const BuildFlags& flags);

}  // namespace wasmctl::cli
