#include "compile/build.hpp"

#include "compile/builders.hpp"

namespace wasmctl::compile {

Result build(const plugin::Plugin& plugin, const ToolchainSearch& search, const Options& options) {
  switch (plugin.builder) {
    case plugin::Builder::clang:
      break;
    case plugin::Builder::cargo:
      return build_with_cargo(plugin, search, options);
    case plugin::Builder::go:
      return build_with_go(plugin, search, options);
  }
  return build_with_clang(plugin, search, options);
}

}  // namespace wasmctl::compile
