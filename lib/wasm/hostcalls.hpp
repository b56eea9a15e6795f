// What Envoy's Proxy-Wasm host offers a module and calls in it: one row for each function.
// Source: proxy-wasm-cpp-host 52a0291 (2026-07-01), src/wasm.cc and include/proxy-wasm/exports.h;
// WASI: wasi_snapshot_preview1.witx. tests/e2e/envoy/test_host_table.py links every row in a real
// Envoy.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

// Whose host it is. Those that are made from Envoy's offer all that Envoy does, and more.
enum class Vendor : std::uint8_t { envoy, higress };

// A module says which ABI it speaks by exporting a function of this name.
enum class AbiVersion : std::uint8_t { v0_1_0 = 1, v0_2_0 = 2, v0_2_1 = 4, v0_2_100 = 8 };

struct AbiRow {
  AbiVersion version;
  std::string_view name;    // "0.2.1"
  std::string_view marker;  // "proxy_abi_version_0_2_1"
  Vendor vendor;
};

std::span<const AbiRow> abis();
std::string_view to_string(AbiVersion version);
std::string_view marker(AbiVersion version);

// The version of `module`: the first marker in its export section that the host knows, as it reads
// it.
std::optional<AbiVersion> abi_version(const Module& module, Vendor host = Vendor::envoy);

// A set of AbiVersion, as their bits.
using AbiSet = std::uint8_t;
constexpr bool contains(AbiSet set, AbiVersion version) {
  return (set & static_cast<AbiSet>(version)) != 0;
}

// What a call does to the traffic.
enum class Effect : std::uint8_t {
  looks,  // reads, counts, logs, calls another service
  acts,   // changes, answers, resumes or ends a request
  fails,  // nothing: the host answers each call with an error (files, directories, sockets)
};

// "ii:i" is (i32, i32) -> i32; I is i64. Nothing behind the colon: no result.
FunctionType type_of(std::string_view signature);

struct HostFunction {
  std::string_view module;  // "env", or "wasi" for both names under which WASI is offered
  std::string_view name;
  std::string_view signature;
  AbiSet abis;
  Effect effect;
  // The first Envoy that has it: 39 for 1.39. 0: all that were tested, 1.36 and later.
  std::uint8_t since = 0;
  // Whether a module may call it from `_initialize`, `main` or `_start`: what else it calls there,
  // static constructors included, is answered with a trap.
  bool at_start = false;
  Vendor vendor = Vendor::envoy;
};

std::vector<HostFunction> host_functions(Vendor host);

// The row for an import of `module`.`name`, whatever its ABI version and vendor; null if no host
// offers it.
const HostFunction* find_host_function(std::string_view module, std::string_view name);

// Whether `host` has the row: of a function, a callback or an ABI version.
constexpr bool offers(Vendor host, const auto& row) {
  return row.vendor == Vendor::envoy || row.vendor == host;
}

// A function that the host calls if the module exports it.
struct Callback {
  std::string_view name;
  std::string_view signature;
  AbiSet abis;  // for which the signature holds
  Vendor vendor = Vendor::envoy;
};

std::vector<Callback> callbacks(Vendor host);
// The first row of that name, whatever its vendor, or null.
const Callback* find_callback(std::string_view name);
bool is_callback(std::string_view name);  // of Envoy

// How SDKs of long ago declared a host function.
struct FormerSignature {
  std::string_view name;
  std::string_view signature;
};

std::span<const FormerSignature> former_signatures();

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
