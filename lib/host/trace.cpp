#include "host/trace.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/call_words.hpp"

namespace wasmctl::host {

namespace {

CallWords::Memory memory_of(const Vm& vm) {
  return [&vm](std::uint64_t address, std::uint64_t size) { return vm.read(address, size); };
}

// The allocator is called by host calls: that is left out.
bool is_allocator(std::string_view name) {
  return std::ranges::find(wasm::kAllocators, name) != std::end(wasm::kAllocators);
}

}  // namespace

void Trace::add(std::string text) {
  lines_.push_back(std::string(2 * depth_, ' ') + std::move(text));
}

void Trace::callback_begins(Vm& /*vm*/, std::string_view name,
                            std::span<const engine::Slot> arguments) {
  if (is_allocator(name)) return;
  std::vector<std::uint32_t> numbers;
  for (const auto slot : arguments) numbers.push_back(static_cast<std::uint32_t>(slot));
  add(fmt::format("{}({})", name, fmt::join(numbers, ", ")));
  ++depth_;
}

void Trace::callback_ends(Vm& /*vm*/, std::string_view name, const engine::Outcome& outcome) {
  if (is_allocator(name)) return;
  --depth_;
  if (outcome.trap) {
    add(fmt::format("trap: {}", engine::to_string(outcome.trap->reason)));
  } else if (!outcome.results.empty()) {
    add(fmt::format("= {}", static_cast<std::uint32_t>(outcome.results[0])));
  }
}

void Trace::hostcall_begins(Vm& vm, const wasm::HostFunction& function,
                            std::span<const engine::Slot> arguments) {
  arguments_.assign(arguments.begin(), arguments.end());
  add(CallWords(memory_of(vm), mask_, function.name, arguments).call());
  ++depth_;
}

void Trace::hostcall_ends(Vm& vm, const wasm::HostFunction& function,
                          std::optional<std::uint32_t> result) {
  --depth_;
  if (!result) return;
  CallWords words(memory_of(vm), mask_, function.name, arguments_);
  const auto text =
      function.module == "env" ? words.result_of_abi(*result) : words.result_of_wasi(*result);
  // On the call's own line, if nothing came between.
  auto& last = lines_.back();
  if (last.starts_with(std::string(2 * depth_, ' ') + std::string(function.name))) {
    last += " = " + text;
  } else {
    add("= " + text);
  }
}

void Trace::begin(std::string_view phase) {
  depth_ = 0;
  add(fmt::format("{}:", phase));
  depth_ = 1;
}

std::vector<std::string> Trace::take_lines() {
  return std::move(lines_);
}

}  // namespace wasmctl::host
