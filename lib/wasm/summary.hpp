// What is in a module, for people: what it speaks, needs and offers, and where its bytes are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/host.hpp"
#include "wasm/module.hpp"

namespace wasmctl::wasm {

struct Sized {
  std::string name;
  std::uint64_t bytes = 0;
};

struct Summary {
  std::uint64_t bytes = 0;
  std::optional<AbiVersion> abi;
  std::vector<std::string> producers;     // "clang 22.1.8", from the `producers` section
  std::vector<std::string> features;      // "bulk-memory", from the `target_features` section
  std::vector<std::string> entry_points;  // of _initialize, _start and main, those exported
  std::vector<std::string> callbacks;     // exports that Envoy calls on events
  std::vector<std::string> other_exports;
  std::vector<std::string> host_calls;     // imports from `env`
  std::vector<std::string> wasi;           // imports from WASI
  std::vector<std::string> other_imports;  // "module.name"
  std::optional<Limits> memory;
  std::vector<Sized> sections;   // in the module's order; a custom one by its own name
  std::vector<Sized> functions;  // largest first; by name, export or number
};

// Where the build keeps a stripped module's names: `a/b.names.wasm` beside `a/b.wasm`.
std::filesystem::path names_file(std::filesystem::path module);

// True if both are the same module but for custom sections.
bool same_but_for_names(const Module& module, std::string_view bytes, const Module& other,
                        std::string_view other_bytes);

// The functions' names as function_names() gives them, then exports, then numbers. Broken custom
// sections are left out, as hosts do.
Summary summarize(const Module& module, std::string_view bytes,
                  std::map<std::uint32_t, std::string> names);

struct Growth {
  std::string name;
  std::int64_t before = 0;  // bytes; 0: not there
  std::int64_t after = 0;
};

// What differs in size between two lists, largest difference first. Names that stand several times
// are added up.
std::vector<Growth> compare(const std::vector<Sized>& before, const std::vector<Sized>& after);

}  // namespace wasmctl::wasm
