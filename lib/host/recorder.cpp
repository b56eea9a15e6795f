#include "host/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wasmctl::host {

void Recorder::callback_begins(Vm& vm, std::string_view name,
                               std::span<const engine::Slot> /*arguments*/) {
  if (depth_++ > 0) return;  // the allocator, called by a host call
  const auto found = std::ranges::find(costs_, name, &CallbackCost::name);
  current_ = static_cast<std::size_t>(found - costs_.begin());
  if (found == costs_.end()) costs_.emplace_back().name = name;
  before_.instructions = vm.store().instructions();
  before_.bytes_to_host = vm.bytes_taken();
  before_.bytes_from_host = vm.bytes_given();
  before_.memory_growth = vm.memory_bytes();
  last_hostcall_.clear();
}

void Recorder::callback_ends(Vm& vm, std::string_view /*name*/,
                             const engine::Outcome& /*outcome*/) {
  if (--depth_ > 0) return;
  auto& cost = costs_[current_];
  ++cost.calls;
  cost.instructions += vm.store().instructions() - before_.instructions;
  cost.bytes_to_host += vm.bytes_taken() - before_.bytes_to_host;
  cost.bytes_from_host += vm.bytes_given() - before_.bytes_from_host;
  cost.memory_growth += vm.memory_bytes() - before_.memory_growth;
}

void Recorder::hostcall_begins(Vm& /*vm*/, const wasm::HostFunction& function,
                               std::span<const engine::Slot> /*arguments*/) {
  if (current_ < costs_.size()) ++costs_[current_].hostcalls;
  last_hostcall_ = function.name;
}

void Recorder::hostcall_ends(Vm& /*vm*/, const wasm::HostFunction& function,
                             std::optional<std::uint32_t> result) {
  if (!result) return;
  const bool is_status =
      function.module == "env" && *result <= static_cast<std::uint32_t>(Status::unimplemented);
  last_hostcall_ = fmt::format(
      "{}: {}", function.name,
      is_status ? std::string(to_string(static_cast<Status>(*result))) : std::to_string(*result));
}

}  // namespace wasmctl::host
