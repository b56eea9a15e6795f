// What is in a module, for people: what it speaks, needs and offers, and where its bytes are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/hostcalls.hpp"
#include "wasm/module.hpp"
#include "wasm/provenance.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::wasm {

struct Sized {
  std::string name;
  std::uint64_t bytes = 0;
};

struct Summary {
  std::uint64_t bytes = 0;
  std::string build_id;  // symbols.hpp
  std::optional<AbiVersion> abi;
  Provenance provenance;
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
  // The functions added up by package, crate or outermost namespace, largest first. Those without
  // one are left out; empty without names.
  std::vector<Sized> packages;
};

// An estimate of Envoy's heap for a module of so many bytes: 8 bytes for each, over what an Envoy
// without one needs. Measured with Envoy 1.40, one worker thread: 8.8 MB for a module of 20 KB, 36
// MB for one of 3.4 MB. Another worker has another copy of its memory, not of its code.
std::uint64_t envoy_heap(std::uint64_t module_bytes);

// An estimate of the time that Envoy takes to load a module, in milliseconds of one processor: V8
// compiles the code once, however many workers there are. Measured with Envoy 1.40 on a server of
// 2026: 100 ms for 76,128 bytes of code (Rust), 1.68 s for 1,146,172 and 4.74 s for 3,192,703 (Go),
// which is 1.5 us for each byte. Data and names cost nothing that could be measured.
std::uint64_t envoy_load_milliseconds(std::uint64_t code_bytes);

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
