// References, and the structs and arrays of garbage collection.
#include <fmt/format.h>

#include "wasm/validate/code_validator.hpp"

namespace wasmctl::wasm {

namespace {

// V8's bound (v8:src/wasm/wasm-limits.h).
constexpr std::uint32_t kMaxFixedArray = 10'000;

}  // namespace

bool CodeValidator::reference_instruction() {
  const auto types = static_cast<std::uint32_t>(module_.types.size());
  switch (opcode_) {
    case opcode::kRefNull: {
      const auto type = ValueType::ref_null(read_heap_type(code_, types));
      features_.add(features_of(type));
      push(type);
      return true;
    }
    case opcode::kRefIsNull:
      pop_reference();
      push(ValueType::i32);
      return true;
    case opcode::kRefFunc: {
      const auto function = index("function", module_.function_count());
      if (is_constant_) {
        (*named_functions_)[function] = true;
      } else if (!declared_[function]) {
        fail(fmt::format("function {} is not declared by an element segment, an export or a global",
                         function));
      }
      push(ValueType::ref(defined_type(module_.type_index(function))));
      return true;
    }
    case opcode::kRefEq: {
      const auto eq = ValueType::ref_null(HeapType::eq);
      pop(eq);
      pop(eq);
      push(ValueType::i32);
      return true;
    }
    case opcode::kRefAsNonNull:
      push(pop_reference().non_null());
      return true;
    case opcode::kBrOnNull:
    case opcode::kBrOnNonNull:
      branch_on_null();
      return true;
    case opcode::kCallRef:
    case opcode::kReturnCallRef: {
      const auto type = type_index(TypeForm::function);
      pop(ValueType::ref_null(defined_type(type)));
      const auto& function = module_.types[type].function;
      opcode_ == opcode::kCallRef ? call(function) : return_call(function);
      return true;
    }
    case opcode::kRefTest:
    case opcode::kRefTestNull:
    case opcode::kRefCast:
    case opcode::kRefCastNull:
      cast();
      return true;
    case opcode::kBrOnCast:
    case opcode::kBrOnCastFail:
      branch_on_cast();
      return true;
    case opcode::kAnyConvertExtern:
      convert(HeapType::external, HeapType::any);
      return true;
    case opcode::kExternConvertAny:
      convert(HeapType::any, HeapType::external);
      return true;
    case opcode::kRefI31:
      pop(ValueType::i32);
      push(ValueType::ref(HeapType::i31));
      return true;
    case opcode::kI31GetS:
    case opcode::kI31GetU:
      pop(ValueType::ref_null(HeapType::i31));
      push(ValueType::i32);
      return true;
    default:
      return false;
  }
}

// A value that is null stays so.
void CodeValidator::convert(HeapType from, HeapType to) {
  const auto type = pop_reference();
  check_match(type, ValueType::ref_null(from));
  push(type.is_nullable() ? ValueType::ref_null(to) : ValueType::ref(to));
}

void CodeValidator::branch_on_null() {
  auto& frame = label();
  const auto types = label_types(frame);
  if (opcode_ == opcode::kBrOnNull) {
    const auto reference = pop_reference();
    pop(types);
    push(types);
    push(reference.non_null());
  } else {
    if (types.empty() || !types.back().is_reference()) fail("its label does not take a reference");
    pop(ValueType::ref_null(types.back().heap()));
    const auto rest = types.first(types.size() - 1);
    pop(rest);
    push(rest);
  }
  note_branch(frame);
}

void CodeValidator::cast() {
  const bool to_null = opcode_ == opcode::kRefTestNull || opcode_ == opcode::kRefCastNull;
  const auto heap = read_heap_type(code_, static_cast<std::uint32_t>(module_.types.size()));
  pop(ValueType::ref_null(top_of(module_.types, heap)));
  if (opcode_ == opcode::kRefTest || opcode_ == opcode::kRefTestNull) {
    push(ValueType::i32);
  } else {
    push(to_null ? ValueType::ref_null(heap) : ValueType::ref(heap));
  }
}

// Flags: 1 the first type may be null, 2 the second.
void CodeValidator::branch_on_cast() {
  const auto flags = code_.byte(kInstruction);
  if (flags > 3) fail(fmt::format("unknown flags {:#04x}", flags));
  auto& frame = label();
  const auto read = [&](unsigned null_flag) {
    const auto heap = read_heap_type(code_, static_cast<std::uint32_t>(module_.types.size()));
    return (flags & null_flag) != 0 ? ValueType::ref_null(heap) : ValueType::ref(heap);
  };
  const auto from = read(1);
  const auto to = read(2);
  check_match(to, from);
  // What is left when the cast fails: null is not, where the target takes it.
  const auto rest = to.is_nullable() ? from.non_null() : from;
  const bool branches_on_success = opcode_ == opcode::kBrOnCast;
  const auto types = label_types(frame);
  if (types.empty()) fail("its label does not take a reference");
  check_match(branches_on_success ? to : rest, types.back());
  const auto others = types.first(types.size() - 1);
  pop(from);
  pop(others);
  push(others);
  push(branches_on_success ? rest : to);
  note_branch(frame);
}

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
    case opcode::kArraySet:
    case opcode::kArrayFill:
    case opcode::kArrayInitData:
    case opcode::kArrayInitElem:
      array_access();
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
  switch (opcode_) {
    case opcode::kArrayNew:
      pop(ValueType::i32);
      pop(field.type.unpacked());
      break;
    case opcode::kArrayNewDefault:
      check_default(field);
      pop(ValueType::i32);
      break;
    case opcode::kArrayNewFixed: {
      const auto count = code_.u32_leb(kInstruction);
      if (count > kMaxFixedArray) fail(fmt::format("{} elements are too many", count));
      for (std::uint32_t i = 0; i < count && !has_any(); ++i) pop(field.type.unpacked());
      break;
    }
    case opcode::kArrayNewData:
      check_plain_data(field);
      data_index();
      pop(ValueType::i32);
      pop(ValueType::i32);
      break;
    default:
      check_match(element().type, field.type);
      pop(ValueType::i32);
      pop(ValueType::i32);
      break;
  }
  push(ValueType::ref(defined_type(type)));
}

void CodeValidator::array_access() {
  const auto type = type_index(TypeForm::array);
  const auto& field = module_.types[type].fields.front();
  const auto array = ValueType::ref_null(defined_type(type));
  const bool reads = opcode_ >= opcode::kArrayGet && opcode_ <= opcode::kArrayGetU;
  if (reads) {
    check_packing(field, opcode::kArrayGet);
    pop(ValueType::i32);
    pop(array);
    push(field.type.unpacked());
    return;
  }
  check_mutable(field);
  switch (opcode_) {
    case opcode::kArraySet:
      pop(field.type.unpacked());
      break;
    case opcode::kArrayFill:
      pop(ValueType::i32);
      pop(field.type.unpacked());
      break;
    case opcode::kArrayInitData:
      check_plain_data(field);
      data_index();
      pop(ValueType::i32);
      pop(ValueType::i32);
      break;
    default:
      check_match(element().type, field.type);
      pop(ValueType::i32);
      pop(ValueType::i32);
      break;
  }
  pop(ValueType::i32);
  pop(array);
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

// What bytes of a data segment can be.
void CodeValidator::check_plain_data(const Field& field) const {
  if (field.type.is_reference()) {
    fail(fmt::format("elements of type {} cannot come from data", to_string(field.type)));
  }
}

}  // namespace wasmctl::wasm
