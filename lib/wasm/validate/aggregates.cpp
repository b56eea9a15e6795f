// The structs and arrays of garbage collection.
#include <fmt/format.h>

#include "wasm/validate/code_validator.hpp"

namespace wasmctl::wasm {

namespace {

// V8's bound (v8:src/wasm/wasm-limits.h).
constexpr std::uint32_t kMaxFixedArray = 10'000;

}  // namespace

std::uint32_t CodeValidator::type_index(TypeForm form) {
  const auto type = index("type", module_.types.size());
  if (const auto found = module_.types[type].form; found != form) {
    fail(fmt::format("expected a {} type, type {} is a {} type", to_string(form), type,
                     to_string(found)));
  }
  return type;
}

bool CodeValidator::aggregate_instruction() {
  switch (opcode_) {
    case opcode::kStructNew:
    case opcode::kStructNewDefault:
      struct_new();
      return true;
    case opcode::kStructGet:
    case opcode::kStructGetS:
    case opcode::kStructGetU:
    case opcode::kStructSet:
      struct_access();
      return true;
    case opcode::kArrayNew:
    case opcode::kArrayNewDefault:
    case opcode::kArrayNewFixed:
    case opcode::kArrayNewData:
    case opcode::kArrayNewElem:
      array_new();
      return true;
    case opcode::kArrayGet:
    case opcode::kArrayGetS:
    case opcode::kArrayGetU:
      array_get();
      return true;
    case opcode::kArraySet:
    case opcode::kArrayFill:
    case opcode::kArrayInitData:
    case opcode::kArrayInitElem:
      array_write();
      return true;
    case opcode::kArrayCopy:
      array_copy();
      return true;
    case opcode::kArrayLen:
      pop(ValueType::ref_null(HeapType::array));
      push(ValueType::i32);
      return true;
    default:
      return false;
  }
}

void CodeValidator::struct_new() {
  const auto type = type_index(TypeForm::structure);
  const auto& fields = module_.types[type].fields;
  if (opcode_ == opcode::kStructNewDefault) {
    for (const auto& field : fields) check_default(field);
  } else {
    for (std::size_t i = fields.size(); i-- > 0 && !has_any();) pop(fields[i].type.unpacked());
  }
  push(ValueType::ref(defined_type(type)));
}

void CodeValidator::struct_access() {
  const auto type = type_index(TypeForm::structure);
  const auto& fields = module_.types[type].fields;
  const auto& field = fields[index("field", fields.size())];
  if (opcode_ == opcode::kStructSet) {
    check_mutable(field);
    pop(field.type.unpacked());
    pop(ValueType::ref_null(defined_type(type)));
  } else {
    check_packing(field, opcode::kStructGet);
    pop(ValueType::ref_null(defined_type(type)));
    push(field.type.unpacked());
  }
}

void CodeValidator::array_new() {
  const auto type = type_index(TypeForm::array);
  const auto& field = module_.types[type].fields.front();
  if (opcode_ == opcode::kArrayNewFixed) {
    const auto count = code_.index();
    if (count > kMaxFixedArray) fail(fmt::format("{} elements are too many", count));
    for (std::uint32_t i = 0; i < count && !has_any(); ++i) pop(field.type.unpacked());
  } else {
    // A length, and before it what the elements are made of.
    if (opcode_ == opcode::kArrayNewDefault) check_default(field);
    if (opcode_ == opcode::kArrayNewData || opcode_ == opcode::kArrayNewElem) segment_of(field);
    pop(ValueType::i32);
    if (opcode_ == opcode::kArrayNew) pop(field.type.unpacked());
    if (opcode_ == opcode::kArrayNewData || opcode_ == opcode::kArrayNewElem) pop(ValueType::i32);
  }
  push(ValueType::ref(defined_type(type)));
}

void CodeValidator::array_get() {
  const auto type = type_index(TypeForm::array);
  const auto& field = module_.types[type].fields.front();
  check_packing(field, opcode::kArrayGet);
  pop(ValueType::i32);
  pop(ValueType::ref_null(defined_type(type)));
  push(field.type.unpacked());
}

// All take an array and an index; behind them a value, a value and a length, or a place in a
// segment and a length.
void CodeValidator::array_write() {
  const auto type = type_index(TypeForm::array);
  const auto& field = module_.types[type].fields.front();
  check_mutable(field);
  if (opcode_ != opcode::kArraySet && opcode_ != opcode::kArrayFill) segment_of(field);
  if (opcode_ != opcode::kArraySet) pop(ValueType::i32);
  pop(opcode_ == opcode::kArraySet || opcode_ == opcode::kArrayFill ? field.type.unpacked()
                                                                    : ValueType::i32);
  pop(ValueType::i32);
  pop(ValueType::ref_null(defined_type(type)));
}

// Reads which data or element segment the elements of an array come from.
void CodeValidator::segment_of(const Field& field) {
  if (opcode_ != opcode::kArrayNewData && opcode_ != opcode::kArrayInitData) {
    check_match(element().type, field.type);
    return;
  }
  if (field.type.is_reference()) {
    fail(fmt::format("elements of type {} cannot come from data", to_string(field.type)));
  }
  data_index();
}

void CodeValidator::array_copy() {
  const auto to = type_index(TypeForm::array);
  const auto from = type_index(TypeForm::array);
  const auto& target = module_.types[to].fields.front();
  check_mutable(target);
  check_match(module_.types[from].fields.front().type, target.type);
  pop(ValueType::i32);
  pop(ValueType::i32);
  pop(ValueType::ref_null(defined_type(from)));
  pop(ValueType::i32);
  pop(ValueType::ref_null(defined_type(to)));
}

// A packed field is read with a sign or without one, another one as it is: by `plain`.
void CodeValidator::check_packing(const Field& field, std::uint32_t plain) const {
  if (field.type.is_packed() == (opcode_ != plain)) return;
  fail(fmt::format("does not fit a field of type {}", to_string(field.type)));
}

void CodeValidator::check_mutable(const Field& field) const {
  if (!field.is_mutable) fail("the field is not mutable");
}

void CodeValidator::check_default(const Field& field) const {
  if (!field.type.has_default()) {
    fail(fmt::format("a field of type {} has no default value", to_string(field.type)));
  }
}

}  // namespace wasmctl::wasm
