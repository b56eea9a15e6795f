#include "wasm/code.hpp"

#include <fmt/format.h>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

std::uint64_t Instructions::unsigned_number(std::string_view what) {
  const auto offset = code_.offset();
  const auto value = code_.u64_leb(what);
  if (numbers_ != nullptr) {
    numbers_->push_back({offset, code_.offset() - offset, static_cast<std::int64_t>(value), false});
  }
  return value;
}

std::int64_t Instructions::signed_number(unsigned max_bits, std::string_view what) {
  const auto offset = code_.offset();
  const auto value = code_.signed_leb(max_bits, what);
  if (numbers_ != nullptr) numbers_->push_back({offset, code_.offset() - offset, value, true});
  return value;
}

std::uint32_t Instructions::index() {
  const Reader start = code_;
  const auto value = unsigned_number(kInstruction);
  if (value > UINT32_MAX) start.fail("an index has more than 32 bits");
  return static_cast<std::uint32_t>(value);
}

void Instructions::memory_argument() {
  if ((index() & kHasMemoryIndex) != 0) {
    features_.add(Feature::multi_memory);
    index();
  }
  unsigned_number(kInstruction);
}

void Instructions::heap_type() {
  const auto type = static_cast<HeapType>(signed_number(33, kInstruction));
  features_.add(features_of(ValueType::ref_null(type)));
}

void Instructions::block_type() {
  Reader ahead = code_;
  const auto first = ahead.byte(kInstruction);
  if (first == kEmptyBlockType) {
    code_ = ahead;
  } else if (is_type_index(first)) {
    features_.add(Feature::multi_value);
    signed_number(33, kInstruction);
  } else {
    features_.add(features_of(read_value_type(code_, kAnyTypeIndex)));
  }
}

// Clauses: a kind, the tag unless it catches all, the label.
void Instructions::try_table() {
  block_type();
  const auto clauses = code_.count("clauses of a try_table");
  for (std::uint32_t i = 0; i < clauses; ++i) {
    const Reader start = code_;
    const auto kind = code_.byte(kInstruction);
    if (kind > 3) start.fail(fmt::format("unknown kind {} of a catch clause", kind));
    if (kind < 2) index();
    index();
  }
}

void Instructions::immediates(Immediates kind, Instruction& instruction) {
  switch (kind) {
    case Immediates::invalid:
    case Immediates::none:
      return;
    case Immediates::block_type:
      return block_type();
    case Immediates::label:
    case Immediates::function:
    case Immediates::type:
    case Immediates::tag:
    case Immediates::local:
    case Immediates::global:
    case Immediates::table:
    case Immediates::memory:
    case Immediates::element:
    case Immediates::data:
      instruction.index = index();
      return;
    case Immediates::type_table:
    case Immediates::data_memory:
    case Immediates::element_table:
    case Immediates::tables:
    case Immediates::memories:
    case Immediates::types:
    case Immediates::type_field:
    case Immediates::type_count:
    case Immediates::type_data:
    case Immediates::type_element:
      instruction.index = index();
      index();
      return;
    case Immediates::labels: {
      // One label more than it says: the default.
      const auto count = code_.count("labels");
      for (std::uint32_t i = 0; i <= count; ++i) index();
      return;
    }
    case Immediates::memory_argument:
      return memory_argument();
    case Immediates::memory_lane:
      memory_argument();
      code_.take(1, kInstruction);
      return;
    case Immediates::lane:
    case Immediates::zero:
      code_.take(1, kInstruction);
      return;
    case Immediates::i32:
      signed_number(32, kInstruction);
      return;
    case Immediates::i64:
      signed_number(64, kInstruction);
      return;
    case Immediates::f32:
      code_.take(4, kInstruction);
      return;
    case Immediates::f64:
      code_.take(8, kInstruction);
      return;
    case Immediates::v128:
    case Immediates::lanes:
      code_.take(16, kInstruction);
      return;
    case Immediates::value_types: {
      const auto count = code_.count("types");
      for (std::uint32_t i = 0; i < count; ++i) {
        features_.add(features_of(read_value_type(code_, kAnyTypeIndex)));
      }
      return;
    }
    case Immediates::heap_type:
      return heap_type();
    case Immediates::cast_branch:
      code_.take(1, kInstruction);
      instruction.index = index();
      heap_type();
      heap_type();
      return;
    case Immediates::try_table:
      return try_table();
  }
}

// Blocks that begin and end; the body's own end leaves nothing behind it.
void Instructions::finish_blocks(std::uint32_t opcode) {
  switch (opcode) {
    case opcode::kBlock:
    case opcode::kLoop:
    case opcode::kIf:
    case opcode::kTry:
    case opcode::kTryTable:
      ++depth_;
      return;
    case opcode::kEnd:
    case opcode::kDelegate:  // ends its try, too
      if (depth_ == 0) {
        depth_ = SIZE_MAX;  // the body's end
      } else {
        --depth_;
      }
      return;
    default:
      return;
  }
}

bool Instructions::next(Instruction& instruction) {
  if (depth_ == SIZE_MAX) return false;
  if (numbers_ != nullptr) numbers_->clear();
  instruction.offset = code_.offset();
  instruction.index = 0;
  const auto& row = read_opcode(code_, instruction.opcode);
  features_.add(row.features);
  immediates(row.immediates, instruction);
  finish_blocks(instruction.opcode);
  return true;
}

const Opcode& read_opcode(Reader& code, std::uint32_t& opcode) {
  const Reader start = code;
  opcode = code.byte(kInstruction);
  const auto& plain = opcodes_of(0)[opcode];
  if (plain.immediates != Immediates::invalid) return plain;
  if (const auto table = opcodes_of(opcode); !table.empty()) {
    const auto number = code.u32_leb(kInstruction);
    opcode = opcode << 16U | (number & 0xffffU);
    if (number < table.size() && table[number].immediates != Immediates::invalid) {
      return table[number];
    }
    start.fail(fmt::format("unknown instruction {:#04x} {:#x}", opcode >> 16U, number));
  }
  // cont.new to switch: nobody else has these numbers.
  if (opcode >= 0xe0 && opcode <= 0xe6) {
    start.fail(fmt::format(
        "instruction {:#04x} is of the stack switching proposal, which Envoy does not have",
        opcode));
  }
  start.fail(fmt::format("unknown instruction {:#04x}", opcode));
}

Reader instructions_of(const Module& module, std::size_t body) {
  const auto& [offset, size] = module.bodies[body];
  Reader reader(module.bytes.view().substr(offset, size), offset);
  const auto groups = reader.count("groups of local variables");
  for (std::uint32_t i = 0; i < groups; ++i) {
    reader.u32_leb("local variables");
    read_value_type(reader, kAnyTypeIndex);
  }
  return reader;
}

}  // namespace wasmctl::wasm
