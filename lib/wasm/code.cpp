#include "wasm/code.hpp"

#include <fmt/format.h>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

const Opcode& CodeReader::read_opcode(Reader& code, std::uint32_t& opcode) {
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

void CodeReader::note(std::size_t offset, std::int64_t value, bool is_signed) {
  numbers_->push_back({offset, reader_.offset() - offset, value, is_signed});
}

std::int64_t CodeReader::signed_number(unsigned max_bits) {
  const auto offset = reader_.offset();
  const auto value = reader_.signed_leb(max_bits, kInstruction);
  if (numbers_ != nullptr) note(offset, value, true);
  return value;
}

// The memory's index is there if a bit of the alignment says so.
MemoryArgument CodeReader::memory_argument() {
  MemoryArgument argument;
  argument.alignment = index();
  if ((argument.alignment & kHasMemoryIndex) != 0) {
    features_.add(Feature::multi_memory);
    argument.alignment &= ~kHasMemoryIndex;
    argument.memory = index();
  }
  const auto begin = reader_.offset();
  argument.offset = reader_.u64_leb(kInstruction);
  argument.offset_bytes = reader_.offset() - begin;
  if (numbers_ != nullptr) note(begin, static_cast<std::int64_t>(argument.offset), false);
  return argument;
}

// The first byte tells: nothing, one value type, or the number of a function type.
BlockTypeCode CodeReader::block_type() {
  constexpr std::uint8_t kEmpty = 0x40;
  Reader ahead = reader_;
  const auto first = ahead.byte(kInstruction);
  if (first == kEmpty) {
    reader_ = ahead;
    return {};
  }
  if (first > kEmpty && first < 0x80) return {std::nullopt, value_type()};
  features_.add(Feature::multi_value);
  return {signed_number(33), {}};
}

// Kinds: 0 catch, 1 catch_ref, 2 catch_all, 3 catch_all_ref.
CatchClause CodeReader::catch_clause() {
  const Reader start = reader_;
  const auto kind = byte();
  if (kind > 3) start.fail(fmt::format("unknown kind {} of a catch clause", kind));
  CatchClause clause;
  clause.has_tag = kind < 2;
  clause.has_reference = (kind & 1U) != 0;
  if (clause.has_tag) clause.tag = index();
  clause.label = index();
  return clause;
}

void CodeReader::constant(Immediates kind) {
  switch (kind) {
    case Immediates::i32:
      signed_number(32);
      return;
    case Immediates::i64:
      signed_number(64);
      return;
    case Immediates::f32:
      bytes(4);
      return;
    case Immediates::f64:
      bytes(8);
      return;
    default:
      bytes(16);
      return;
  }
}

ValueType CodeReader::value_type() {
  const auto type = read_value_type(reader_, types_);
  features_.add(features_of(type));
  return type;
}

HeapType CodeReader::heap_type() {
  const auto offset = reader_.offset();
  const auto type = read_heap_type(reader_, types_);
  if (numbers_ != nullptr) note(offset, static_cast<std::int64_t>(type), true);
  features_.add(features_of(ValueType::ref_null(type)));
  return type;
}

std::array<bool, 2> CodeReader::cast_flags() {
  const Reader start = reader_;
  const auto flags = byte();
  if (flags > 3) start.fail(fmt::format("unknown flags {:#04x} of a cast", flags));
  return {(flags & 1U) != 0, (flags & 2U) != 0};
}

void Instructions::immediates(Immediates kind, Instruction& instruction) {
  switch (kind) {
    case Immediates::invalid:
    case Immediates::none:
      return;
    case Immediates::block_type:
      code_.block_type();
      return;
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
      instruction.index = code_.index();
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
      instruction.index = code_.index();
      code_.index();
      return;
    case Immediates::labels: {
      // One label more than it says: the default.
      const auto count = code_.count("labels");
      for (std::uint32_t i = 0; i <= count; ++i) code_.index();
      return;
    }
    case Immediates::memory_argument:
      code_.memory_argument();
      return;
    case Immediates::memory_lane:
      code_.memory_argument();
      code_.byte();
      return;
    case Immediates::lane:
    case Immediates::zero:
      code_.byte();
      return;
    case Immediates::i32:
    case Immediates::i64:
    case Immediates::f32:
    case Immediates::f64:
    case Immediates::v128:
    case Immediates::lanes:
      return code_.constant(kind);
    case Immediates::value_types: {
      const auto count = code_.count("types");
      for (std::uint32_t i = 0; i < count; ++i) {
        code_.value_type();
      }
      return;
    }
    case Immediates::heap_type:
      code_.heap_type();
      return;
    case Immediates::cast_branch:
      code_.cast_flags();
      instruction.index = code_.index();
      code_.heap_type();
      code_.heap_type();
      return;
    case Immediates::try_table: {
      code_.block_type();
      const auto clauses = code_.count("clauses of a try_table");
      for (std::uint32_t i = 0; i < clauses; ++i) code_.catch_clause();
      return;
    }
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
  instruction.offset = reader().offset();
  instruction.index = 0;
  const auto& row = code_.opcode(instruction.opcode);
  immediates(row.immediates, instruction);
  finish_blocks(instruction.opcode);
  return true;
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
