// The host calls: a function for each row of wasm::host_functions() that Envoy offers. Only for the
// VM.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "host/vm.hpp"

namespace wasmctl::host {

// One call: its arguments, and what it may reach.
class HostcallArguments {
 public:
  HostcallArguments(Vm& vm, std::span<const engine::Slot> slots) : vm_(vm), slots_(slots) {}

  Vm& vm() const { return vm_; }

  std::uint32_t u32(std::size_t i) const { return static_cast<std::uint32_t>(slots_[i]); }
  std::uint64_t u64(std::size_t i) const { return slots_[i]; }
  // The bytes whose address and size the arguments `i` and `i` + 1 are.
  std::optional<std::string_view> bytes(std::size_t i) const {
    return vm_.take(u32(i), u32(i + 1));
  }

 private:
  Vm& vm_;
  std::span<const engine::Slot> slots_;
};

// What the call answers; of no consequence if its signature has no result.
using Hostcall = std::function<std::uint32_t(const HostcallArguments&)>;

// Of a row of the table; empty if this host has none yet.
Hostcall implementation(const wasm::HostFunction& function);

// The two halves of the table: `module` "env", and "wasi".
using HostcallFunction = std::uint32_t (*)(const HostcallArguments&);
struct HostcallRow {
  std::string_view name;
  HostcallFunction function;
  // How a trace shows the arguments, a letter each; what has two slots has two letters.
  // n: a number; N: one of 64 bits; L, M, B, S: a log level, map, buffer, stream. In two slots:
  // "t." a text by address and size, "p." pairs. What a call writes, at the address in the slot:
  // "a." a text's address and size, "P." the same of pairs, "o" a number of 32 bits, "O" one of 64.
  // Of the texts, those that may be secret: "v." and "A." are values of what the text before names,
  // "D." is of the buffer that is the first argument, "C." the configuration.
  std::string_view form = {};
};
std::span<const HostcallRow> proxy_hostcalls();
std::span<const HostcallRow> wasi_hostcalls();

}  // namespace wasmctl::host
