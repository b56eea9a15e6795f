// What callbacks cost, and what a VM did last: told by what crosses the ABI.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/vm.hpp"

namespace wasmctl::host {

// What a callback cost, over all its calls in a test. What the module allocates for the host's
// answers is part of it.
struct CallbackCost {
  std::string name;
  std::uint64_t calls = 0;
  std::uint64_t instructions = 0;
  std::uint64_t hostcalls = 0;
  std::uint64_t bytes_to_host = 0;    // in texts and maps
  std::uint64_t bytes_from_host = 0;  // the same, in memory that the module allocated
  std::uint64_t memory_growth = 0;    // bytes of linear memory, in whole pages
};

class Recorder : public Observer {
 public:
  void callback_begins(Vm& vm, std::string_view name,
                       std::span<const engine::Slot> arguments) override;
  void callback_ends(Vm& vm, std::string_view name, const engine::Outcome& outcome) override;
  void hostcall_begins(Vm& vm, const wasm::HostFunction& function,
                       std::span<const engine::Slot> arguments) override;
  void hostcall_ends(Vm& vm, const wasm::HostFunction& function,
                     std::optional<std::uint32_t> result) override;

  // In the order of their first calls.
  std::vector<CallbackCost> take_costs() { return std::move(costs_); }
  // The one that runs, or ran last.
  std::string callback() const { return current_ < costs_.size() ? costs_[current_].name : ""; }
  // With what it answered; empty: the callback made none.
  const std::string& last_hostcall() const { return last_hostcall_; }

 private:
  int depth_ = 0;
  std::size_t current_ = SIZE_MAX;
  CallbackCost before_;  // the VM's sums when the callback began
  std::string last_hostcall_;
  std::vector<CallbackCost> costs_;
};

}  // namespace wasmctl::host
