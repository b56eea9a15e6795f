// The flags of `wasmctl build`, shared by every command that builds a plugin directory first.
#pragma once

#include <filesystem>
#include <string>

#include "cli/command.hpp"
#include "compile/build.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::cli {

struct BuildOptions {
  std::string clang;  // --clang or $WASMCTL_CLANG; empty: find one
  compile::Options build;
};

void add_build_options(CLI::App& command, BuildOptions& options);

// Builds with the compiler that flags and environment name, or the newest found; shows the
// compiler's warnings. Returns the module's path.
std::filesystem::path build_plugin(Context& context, const plugin::Plugin& plugin,
                                   const BuildOptions& options);

}  // namespace wasmctl::cli
