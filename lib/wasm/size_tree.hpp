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
};

// The sum of all leaves is the module's size. `module` is from read_module().
SizeNode size_tree(const Module& module, const Symbols& symbols);

// The namespaces and the name of a function, as its language spells them:
//     a::b<c::d>::f(e::g)      a, b<c::d>, f(e::g)        C++ and Rust
//     net/http.(*Server).Serve net/http, (*Server).Serve  Go
//     assembly/index/f         assembly/index, f          AssemblyScript
std::vector<std::string> name_path(std::string_view name);

}  // namespace wasmctl::wasm
