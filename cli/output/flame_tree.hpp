// Where instructions were spent, as a tree of the functions of the sources: callbacks, what they
// call, and what the compiler put in the place of calls.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/place.hpp"
#include "engine/profile.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::cli {

struct FlameFunction {
  std::string name;
  Place defined;  // line 0: not known
};

struct FlameNode {
  std::uint32_t function = 0;  // in FlameTree::functions
  std::uint64_t self = 0;      // instructions of its own
  std::vector<std::uint32_t> children;
};

struct FlameTree {
  std::vector<FlameFunction> functions;
  std::vector<FlameNode> nodes;  // the first is the root, which is no function; children come after
};

// The groups of a profile, by which `make_flame_tree` knows functions that were inlined.
std::vector<std::uint32_t> profile_groups(const wasm::PlacedFunctions& placed);

// `placed` is what the groups were made of.
FlameTree make_flame_tree(const engine::Profile& profile, const wasm::Module& module,
                          const wasm::Symbols& symbols, const wasm::PlacedFunctions& placed);

// The instructions of each node with all below it.
std::vector<std::uint64_t> totals(const FlameTree& tree);

}  // namespace wasmctl::cli
