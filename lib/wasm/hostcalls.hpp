// What Envoy's Proxy-Wasm host offers a module and calls in it: one row for each function.
// Source: proxy-wasm-cpp-host 52a0291 (2026-07-01), src/wasm.cc and include/proxy-wasm/exports.h;
// WASI: wasi_snapshot_preview1.witx. tests/e2e/envoy/test_host_table.py links every row in a real
// Envoy.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

// A module says which ABI it speaks by exporting a function of this name.
enum class AbiVersion : std::uint8_t { v0_1_0 = 1, v0_2_0 = 2, v0_2_1 = 4 };
inline constexpr AbiVersion kAbiVersions[] = {AbiVersion::v0_1_0, AbiVersion::v0_2_0,
                                              AbiVersion::v0_2_1};
std::string_view to_string(AbiVersion version);  // "0.2.1"
std::string_view marker(AbiVersion version);     // "proxy_abi_version_0_2_1"

// The version of `module`: the first marker in its export section, as the host reads it.
std::optional<AbiVersion> abi_version(const Module& module);

// A set of AbiVersion, as their bits.
using AbiSet = std::uint8_t;
inline constexpr AbiSet kAllAbis = 7;
inline constexpr AbiSet kSince02 = 6;
constexpr bool contains(AbiSet set, AbiVersion version) {
  return (set & static_cast<AbiSet>(version)) != 0;
}

// "ii:i" is (i32, i32) -> i32; I is i64. Nothing behind the colon: no result.
FunctionType type_of(std::string_view signature);

struct HostFunction {
  std::string_view module;  // "env", or "wasi" for both names under which WASI is offered
  std::string_view name;
  std::string_view signature;
  AbiSet abis;
  // The first Envoy that has it: 39 for 1.39. 0: all that were tested, 1.36 and later.
  std::uint8_t since = 0;
  // Whether a module may call it from `_initialize`, `main` or `_start`: what else it calls there,
  // static constructors included, is answered with a trap.
  bool at_start = false;
};

std::span<const HostFunction> host_functions();

// The row for an import of `module`.`name`, whatever its ABI version; null if no Envoy offers it.
const HostFunction* find_host_function(std::string_view module, std::string_view name);

// A function that the host calls if the module exports it.
struct Callback {
  std::string_view name;
  std::string_view signature;
  AbiSet abis;  // for which the signature holds
};

std::span<const Callback> callbacks();
bool is_callback(std::string_view name);

// What Envoy calls once, before any callback: `_initialize`, then `main` or else `__main_void`; or
// only `_start`, where there is no `_initialize`.
struct EntryPoint {
  std::string_view name;
  std::string_view signature;
};

std::span<const EntryPoint> entry_points();

// Names of callbacks that no host calls any more, and that SDKs still export.
std::span<const std::string_view> former_callbacks();

// The allocator that Envoy asks for memory: one of these exports.
inline constexpr std::string_view kAllocators[] = {"malloc", "proxy_on_memory_allocate"};
inline constexpr std::string_view kAllocatorSignature = "i:i";

}  // namespace wasmctl::wasm
