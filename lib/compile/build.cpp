#include "compile/build.hpp"

#include <algorithm>

#include "compile/builders.hpp"

namespace wasmctl::compile {

namespace {

struct Way {
  plugin::Builder builder;
  Result (*build)(const plugin::Plugin&, const ToolchainSearch&, const Options&);
};

constexpr Way kWays[] = {
    {plugin::Builder::clang, build_with_clang},
    {plugin::Builder::cargo, build_with_cargo},
    {plugin::Builder::go, build_with_go},
};

}  // namespace

Result build(const plugin::Plugin& plugin, const ToolchainSearch& search, const Options& options) {
  return std::ranges::find(kWays, plugin.builder, &Way::builder)->build(plugin, search, options);
}

}  // namespace wasmctl::compile
