// Where a module's bytes are, as a tree: section, namespace, function.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/module.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::wasm {

struct SizeNode {
  std::string name;
  std::uint64_t bytes = 0;  // of its children together, if it has any
  std::vector<SizeNode> children;
  std::string separator = {};  // between a group's name and those in it: "::", ".", "/"
};

// The sum of all leaves is the module's size. `module` is from read_module().
SizeNode size_tree(const Module& module, const Symbols& symbols);

}  // namespace wasmctl::wasm
