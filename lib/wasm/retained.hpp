// What would go with a function: the code that is reached through it alone.
// Source: Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
#pragma once

#include <cstdint>
#include <vector>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

// The functions that are reached from outside of the direct calls: exports, the start function, and
// those in tables, which pointers may reach. `module` is from read_module().
std::vector<std::uint32_t> entry_functions(const Module& module);

class Retained {
 public:
  // `module` is from read_module().
  explicit Retained(const Module& module);

  struct Sum {
    std::uint64_t functions = 0;  // the function itself counts
    std::uint64_t bytes = 0;      // of their bodies
  };

  // With `function`, and with all that only it leads to. Zero for what nothing reaches.
  const Sum& of(std::uint32_t function) const { return sums_[function]; }

 private:
  std::vector<Sum> sums_;  // by function, imports first
};

}  // namespace wasmctl::wasm
