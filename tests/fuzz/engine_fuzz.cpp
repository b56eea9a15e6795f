// Any valid module, run within limits: it ends with results or a trap, and the same ones again.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "engine/store.hpp"
#include "wasm/module.hpp"

namespace {

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

engine::Limits limits() {
  engine::Limits limits;
  limits.instructions = 20'000;
  limits.memory_bytes = 4 * engine::kPageBytes;
  limits.table_elements = 10'000;
  limits.call_depth = 100;
  limits.stack_slots = 10'000;
  limits.exceptions = 100;
  limits.heap_bytes = 100'000;
  return limits;
}

// Types of a store's own entities refer to no type of a module.
bool is_plain(wasm::ValueType type) {
  return !type.is_reference() || !wasm::is_defined(type.heap());
}

bool is_plain(const wasm::FunctionType& type) {
  const auto all = [](const auto& types) {
    return std::ranges::all_of(types, [](wasm::ValueType item) { return is_plain(item); });
  };
  return all(type.parameters) && all(type.results);
}

// Every import is given: functions answer zeros, the rest is as the module wants it, so far as
// types of its own are not needed.
std::optional<engine::External> given(engine::Store& store, const wasm::Module& module,
                                      const wasm::Import& import, std::uint32_t index) {
  switch (import.kind) {
    case wasm::ExternalKind::function:
      if (!is_plain(module.types[import.type_index].function)) return std::nullopt;
      return store.add_host_function(module.types[import.type_index].function,
                                     [](engine::HostCall& call) -> std::optional<engine::Trap> {
                                       std::fill(call.slots.begin(), call.slots.end(), 0);
                                       return std::nullopt;
                                     });
    case wasm::ExternalKind::table:
      if (!is_plain(module.tables[index].type)) return std::nullopt;
      return store.add_table(module.tables[index].type, module.tables[index].limits, 0);
    case wasm::ExternalKind::memory:
      return store.add_memory(module.memories[index]);
    case wasm::ExternalKind::global:
      if (!is_plain(module.globals[index].type)) return std::nullopt;
      return store.add_global(module.globals[index].type, module.globals[index].is_mutable, 0);
    case wasm::ExternalKind::tag:
      if (!is_plain(module.types[import.type_index].function)) return std::nullopt;
      return store.add_tag(module.types[import.type_index].function);
  }
  return std::nullopt;
}

// What the module came to, as text.
std::string run(const engine::Program& program) {
  const auto& module = program.module();
  engine::Store store(limits(), engine::Coverage::on);
  std::array<std::uint32_t, 5> counts{};
  const auto made = store.instantiate(program, [&](const wasm::Import& import) {
    return given(store, module, import, counts[static_cast<std::size_t>(import.kind)]++);
  });
  std::string text = made.trap ? std::string(engine::to_string(made.trap->reason)) : "";
  for (auto* function : made.instance->functions) {
    const auto& type = *function->type;
    if (!std::ranges::all_of(type.parameters, &wasm::ValueType::has_default)) continue;
    const std::vector<engine::Slot> arguments(2 * type.parameters.size());
    const auto outcome = store.invoke(*function, arguments);
    text += outcome.trap ? engine::to_string(outcome.trap->reason) : "results";
    // Addresses of functions differ from run to run.
    for (std::size_t i = 0; i < outcome.results.size(); ++i) {
      if (type.results.size() == outcome.results.size() && type.results[i].is_reference()) continue;
      text += fmt::format(" {:x}", outcome.results[i]);
    }
  }
  return text + fmt::format(" {}", store.instructions());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    const engine::Program program(wasm::parse_module(bytes, "m"), "m");
    if (run(program) != run(program)) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}
