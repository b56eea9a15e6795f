// Data and elements that are put into memories and tables when the module is instantiated. What
// does not fit is a trap, of which Envoy says only "Failed to create new Wasm instance".
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "wasm/code.hpp"
#include "wasm/lint/rules.hpp"

namespace wasmctl::wasm {

namespace {

// The value of the constant expression at `offset` of a valid module, as an unsigned number;
// nothing where it depends on an import, or is none of numbers. Globals may name globals before
// them, and a module may be made of a million that do.
std::optional<std::uint64_t> constant(const Module& module, std::size_t offset,
                                      std::size_t depth = 0) {
  constexpr std::size_t kMaxDepth = 50;
  constexpr std::uint32_t kI32Add = 0x6a;
  constexpr std::uint32_t kI32Sub = 0x6b;
  constexpr std::uint32_t kI32Mul = 0x6c;
  constexpr std::uint32_t kI64Add = 0x7c;
  constexpr std::uint32_t kI64Sub = 0x7d;
  constexpr std::uint32_t kI64Mul = 0x7e;
  if (depth == kMaxDepth) return std::nullopt;
  std::vector<Number> numbers;
  Instructions instructions(Reader(module.bytes.view().substr(offset), offset), &numbers);
  Instruction instruction;
  std::vector<std::uint64_t> stack;
  const auto push_32 = [&](std::uint64_t value) { stack.push_back(value & UINT32_MAX); };
  const auto pop = [&] {
    const auto value = stack.back();
    stack.pop_back();
    return value;
  };
  while (instructions.next(instruction)) {
    const auto code = instruction.opcode;
    const bool takes_two =
        (code >= kI32Add && code <= kI32Mul) || (code >= kI64Add && code <= kI64Mul);
    if (takes_two) {
      if (stack.size() < 2) return std::nullopt;
      const auto right = pop();
      const auto left = pop();
      if (code == kI32Add) push_32(left + right);
      if (code == kI32Sub) push_32(left - right);
      if (code == kI32Mul) push_32(left * right);
      if (code == kI64Add) stack.push_back(left + right);
      if (code == kI64Sub) stack.push_back(left - right);
      if (code == kI64Mul) stack.push_back(left * right);
    } else if (code == opcode::kI32Const) {
      push_32(static_cast<std::uint64_t>(numbers.at(0).value));
    } else if (code == opcode::kI64Const) {
      stack.push_back(static_cast<std::uint64_t>(numbers.at(0).value));
    } else if (code == opcode::kGlobalGet) {
      const auto& global = module.globals[instruction.index];
      if (!global.initializer) return std::nullopt;
      const auto value = constant(module, *global.initializer, depth + 1);
      if (!value) return std::nullopt;
      stack.push_back(*value);
    } else if (code != opcode::kEnd) {
      return std::nullopt;
    }
  }
  if (stack.size() != 1) return std::nullopt;
  return stack[0];
}

// In bytes; as many as can be said where it is more.
std::uint64_t initial_bytes(const Limits& memory) {
  if (memory.minimum > UINT64_MAX >> memory.page_log2) return UINT64_MAX;
  return memory.minimum << memory.page_log2;
}

bool fits(std::uint64_t address, std::uint64_t size, std::uint64_t room) {
  return address <= room && size <= room - address;
}

constexpr std::size_t kMostFindings = 20;

void check_data(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
  std::size_t count = 0;
  for (std::size_t i = 0; i < module.data.size() && count < kMostFindings; ++i) {
    const auto& segment = module.data[i];
    if (segment.mode != SegmentMode::active) continue;
    const auto room = initial_bytes(module.memories[segment.memory]);
    const auto address = constant(module, segment.address);
    if (!address || fits(*address, segment.size, room)) continue;
    ++count;
    add(findings, rule,
        fmt::format("puts data segment {}, of {} bytes, at address {}; its memory starts with {} "
                    "bytes",
                    i, segment.size, *address, room),
        "raise the initial memory (`-Wl,--initial-memory=BYTES`)");
  }
}

void check_elements(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
  std::size_t count = 0;
  for (std::size_t i = 0; i < module.elements.size() && count < kMostFindings; ++i) {
    const auto& segment = module.elements[i];
    if (segment.mode != SegmentMode::active) continue;
    const auto room = module.tables[segment.table].limits.minimum;
    const auto index = constant(module, segment.address);
    if (!index || fits(*index, segment.count, room)) continue;
    ++count;
    add(findings, rule,
        fmt::format("puts element segment {}, of {} entries, at index {}; its table starts with {}",
                    i, segment.count, *index, room),
        "raise the table's initial size");
  }
}

void check_segments(const Subject& subject, const Rule& rule, Findings& findings) {
  check_data(subject, rule, findings);
  check_elements(subject, rule, findings);
}

constexpr LintRule kSegmentRules[] = {
    {{"segment-bounds", Severity::error, "its data and elements fit where they are put"},
     Judge::envoy,
     "Memories and tables begin with their minimum, whatever their maximum; what lies beyond it is "
     "a trap when the module is instantiated. A tool that patches the memory section, or an "
     "initial memory below the end of the data, makes such modules.",
     check_segments},
};

}  // namespace

std::span<const LintRule> segment_rules() {
  return kSegmentRules;
}

}  // namespace wasmctl::wasm
