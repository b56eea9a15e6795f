// Runs modules and tells what they did, for comparison with another engine (smith.py), or how long
// it took (tests/bench/bench_engine.py).
//
//     module_runner [--time] < FILES
//
// Standard input has the name of a module on each line. It has no imports. Its exported functions
// are called in order with zeros and nulls, within the limits below. Standard output gets a line of
// JSON for each module:
//     {"start": TRAP, "calls": [["f", [PARAMETER...], TRAP or [RESULT...]]...],
//      "globals": [["g", VALUE]...], "memories": [["m", BYTES, CRC32]...]}
// A value is its bits in hexadecimal, a reference "null" or "ref"; a parameter is its type, of a
// reference the top of its hierarchy. With --time: {"instructions": N, "seconds": S}, too.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "engine/store.hpp"
#include "wasm/module.hpp"
#include "wasm/subtypes.hpp"

namespace {

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
using nlohmann::json;

engine::Limits limits() {
  engine::Limits limits;
  limits.instructions = 1'000'000'000;
  limits.memory_bytes = std::uint64_t{1} << 27U;
  limits.table_elements = 100'000;
  limits.heap_bytes = std::uint64_t{1} << 24U;
  return limits;
}

json told(wasm::ValueType type, engine::Slot low, engine::Slot high) {
  if (type.is_reference()) return low == 0 ? "null" : "ref";
  return type == wasm::ValueType::v128 ? fmt::format("{:016x}{:016x}", high, low)
                                       : fmt::format("{:x}", low);
}

json told(const engine::Outcome& outcome, const wasm::FunctionType& type) {
  if (outcome.trap) return engine::to_string(outcome.trap->reason);
  json results = json::array();
  const auto* slot = outcome.results.data();
  for (const auto result : type.results) {
    const bool is_vector = result == wasm::ValueType::v128;
    results.push_back(told(result, slot[0], is_vector ? slot[1] : 0));
    slot += is_vector ? 2 : 1;
  }
  return results;
}

std::uint32_t crc32(const engine::Memory& memory) {
  static const auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      auto value = i;
      for (int bit = 0; bit < 8; ++bit) {
        value = (value >> 1U) ^ ((value & 1U) != 0 ? 0xedb8'8320U : 0U);
      }
      table[i] = value;
    }
    return table;
  }();
  auto sum = ~std::uint32_t{0};
  for (std::uint64_t i = 0; i < memory.size; ++i) {
    sum = (sum >> 8U) ^ kTable[(sum ^ memory.bytes.get()[i]) & 0xffU];
  }
  return ~sum;
}

json parameters(const wasm::Module& module, const wasm::FunctionType& type) {
  json list = json::array();
  for (const auto parameter : type.parameters) {
    list.push_back(parameter.is_reference()
                       ? wasm::to_string(wasm::top_of(module.types, parameter.heap()))
                       : wasm::to_string(parameter));
  }
  return list;
}

std::size_t slots_of(const wasm::FunctionType& type) {
  std::size_t count = 0;
  for (const auto parameter : type.parameters) count += parameter == wasm::ValueType::v128 ? 2 : 1;
  return count;
}

json run(engine::Store& store, const engine::Program& program) {
  json line;
  const auto made = store.instantiate(program, [](const wasm::Import&) { return std::nullopt; });
  line["start"] = made.trap ? json(engine::to_string(made.trap->reason)) : json();
  if (made.trap) return line;
  line["calls"] = line["globals"] = line["memories"] = json::array();
  for (const auto& item : program.module().exports) {
    const auto found = *engine::find_export(*made.instance, item.name);
    if (auto* const* function = std::get_if<engine::Function*>(&found)) {
      const auto& type = *(*function)->type;
      if (!std::ranges::all_of(type.parameters, &wasm::ValueType::has_default)) continue;
      const std::vector<engine::Slot> arguments(slots_of(type));
      line["calls"].push_back(
          {item.name, parameters(program.module(), *program.module().function_type(item.index)),
           told(store.invoke(**function, arguments), type)});
    }
  }
  for (const auto& item : program.module().exports) {
    const auto found = *engine::find_export(*made.instance, item.name);
    if (auto* const* global = std::get_if<engine::Global*>(&found)) {
      line["globals"].push_back(
          {item.name, told((*global)->type, (*global)->value, (*global)->high)});
    } else if (auto* const* memory = std::get_if<engine::Memory*>(&found)) {
      line["memories"].push_back({item.name, (*memory)->size, crc32(**memory)});
    }
  }
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  const bool times = argc > 1 && std::string_view(argv[1]) == "--time";
  for (std::string file; std::getline(std::cin, file);) {
    json line;
    try {
      const engine::Program program(
          wasm::parse_module(base::read_file(file, wasm::kMaxModuleBytes), "m"), "m");
      engine::Store store(limits());
      const auto begin = std::chrono::steady_clock::now();
      line = run(store, program);
      const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
      if (times) {
        line["instructions"] = store.instructions();
        line["seconds"] = time.count();
      }
    } catch (const Error& error) {
      line["error"] = error.message();
    }
    std::cout << line.dump() << std::endl;
  }
}
