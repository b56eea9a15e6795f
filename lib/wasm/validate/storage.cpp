// Memories, tables, and the segments that fill them.
#include <fmt/format.h>

#include "wasm/validate/code_validator.hpp"

namespace wasmctl::wasm {

namespace {

// Of two address types the one that both can hold: a length.
ValueType lesser(ValueType first, ValueType second) {
  return first == ValueType::i32 ? first : second;
}

}  // namespace

bool CodeValidator::storage_instruction() {
  switch (opcode_) {
    case opcode::kMemorySize:
      push(memory_address());
      return true;
    case opcode::kMemoryGrow: {
      const auto address = memory_address();
      pop(address);
      push(address);
      return true;
    }
    case opcode::kMemoryInit: {
      data_index();
      const auto address = memory_address();
      pop(ValueType::i32);
      pop(ValueType::i32);
      pop(address);
      return true;
    }
    case opcode::kDataDrop:
      data_index();
      return true;
    case opcode::kMemoryCopy:
      memory_copy();
      return true;
    case opcode::kMemoryFill: {
      const auto address = memory_address();
      pop(address);
      pop(ValueType::i32);
      pop(address);
      return true;
    }
    case opcode::kTableGet: {
      const auto& from = table();
      pop(address_type(from.limits));
      push(from.type);
      return true;
    }
    case opcode::kTableSet: {
      const auto& to = table();
      pop(to.type);
      pop(address_type(to.limits));
      return true;
    }
    case opcode::kTableInit:
      table_init();
      return true;
    case opcode::kElemDrop:
      element();
      return true;
    case opcode::kTableCopy:
      table_copy();
      return true;
    case opcode::kTableGrow: {
      const auto& grown = table();
      pop(address_type(grown.limits));
      pop(grown.type);
      push(address_type(grown.limits));
      return true;
    }
    case opcode::kTableSize:
      push(address_type(table().limits));
      return true;
    case opcode::kTableFill: {
      const auto& filled = table();
      pop(address_type(filled.limits));
      pop(filled.type);
      pop(address_type(filled.limits));
      return true;
    }
    default:
      return false;
  }
}

ValueType CodeValidator::address_type(const Limits& limits) {
  return limits.is_64 ? ValueType::i64 : ValueType::i32;
}

ValueType CodeValidator::memory_address() {
  return address_type(module_.memories[index("memory", module_.memories.size())]);
}

const Table& CodeValidator::table() {
  return module_.tables[index("table", module_.tables.size())];
}

// An atomic access must be aligned; of the others no more than their width may be promised.
ValueType CodeValidator::memory_argument(const Opcode& row) {
  const auto argument = code_.memory_argument();
  check_index("memory", argument.memory, module_.memories.size());
  const auto& limits = module_.memories[argument.memory];
  if (!limits.is_64 && (argument.offset > UINT32_MAX || argument.offset_bytes > 5)) {
    fail(fmt::format("an offset of {} in {} bytes is more than 32 bits", argument.offset,
                     argument.offset_bytes));
  }
  const auto alignment = argument.alignment;
  const bool is_atomic = opcode_ >> 16U == opcode::kAtomicPrefix;
  if (alignment > row.width || (is_atomic && alignment != row.width)) {
    fail(fmt::format("an alignment of 2^{} does not fit {} bytes", alignment, 1U << row.width));
  }
  return address_type(limits);
}

void CodeValidator::memory_copy() {
  const auto to = memory_address();
  const auto from = memory_address();
  pop(lesser(to, from));
  pop(from);
  pop(to);
}

void CodeValidator::table_copy() {
  const auto& to = table();
  const auto& from = table();
  check_match(from.type, to.type);
  const auto to_address = address_type(to.limits);
  const auto from_address = address_type(from.limits);
  pop(lesser(to_address, from_address));
  pop(from_address);
  pop(to_address);
}

void CodeValidator::table_init() {
  const auto& from = element();
  const auto& to = table();
  check_match(from.type, to.type);
  pop(ValueType::i32);
  pop(ValueType::i32);
  pop(address_type(to.limits));
}

// The data comes after the code: how many segments there are must be said before.
void CodeValidator::data_index() {
  if (!module_.data_count) fail("there is no section that says how many data segments there are");
  index("data segment", *module_.data_count);
}

const ElementSegment& CodeValidator::element() {
  return module_.elements[index("element segment", module_.elements.size())];
}

}  // namespace wasmctl::wasm
