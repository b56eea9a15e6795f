// What is in a module, for people: what it speaks, needs and offers, and where its bytes are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/hostcalls.hpp"
#include "wasm/module.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::wasm {

struct Sized {
  std::string name;
  std::uint64_t bytes = 0;
};

struct Summary {
  std::uint64_t bytes = 0;
  std::optional<AbiVersion> abi;
  std::vector<std::string> producers;     // "clang 22.1.8", from the `producers` section
  std::vector<std::string> features;      // "bulk-memory": the proposals that it uses
  std::vector<std::string> entry_points;  // of _initialize, _start and main, those exported
  std::vector<std::string> callbacks;     // exports that Envoy calls on events
  std::vector<std::string> other_exports;
  std::vector<std::string> host_calls;     // imports from `env`
  std::vector<std::string> wasi;           // imports from WASI
  std::vector<std::string> other_imports;  // "module.name"
  std::optional<Limits> memory;
  std::uint32_t data_segments = 0;
  std::vector<Sized> sections;   // in the module's order; a custom one by its own name
  std::vector<Sized> functions;  // largest first; by name, export or number
};

// "clang 22.1.8", "Go go1.26": who made it, from its `producers` section.
std::vector<std::string> producers(const Module& module);

// `module` is from read_module(). Broken custom sections are left out, as hosts do.
Summary summarize(const Module& module, const Symbols& symbols);

struct Growth {
  std::string name;
  std::int64_t before = 0;  // bytes; 0: not there
  std::int64_t after = 0;
};

// What differs in size between two lists, largest difference first. Names that stand several times
// are added up.
std::vector<Growth> compare(const std::vector<Sized>& before, const std::vector<Sized>& after);

}  // namespace wasmctl::wasm
