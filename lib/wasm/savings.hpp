// What makes a module larger than it need be, and what to do about it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wasm/module.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::wasm {

struct Saving {
  std::string what;  // "names of functions", "dlmalloc"
  std::uint64_t bytes = 0;
  std::string remedy;
};

// Largest first; only what is 1 KiB and one in a hundred of the module's bytes. Libraries are known
// by the names of their functions.
std::vector<Saving> savings(const Module& module, const Symbols& symbols);

}  // namespace wasmctl::wasm
