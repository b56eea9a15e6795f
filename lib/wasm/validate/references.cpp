// References: null, functions, casts, i31.
#include <fmt/format.h>

#include "wasm/validate/code_validator.hpp"

namespace wasmctl::wasm {

bool CodeValidator::reference_instruction() {
  switch (opcode_) {
    case opcode::kRefNull:
      push(ValueType::ref_null(code_.heap_type()));
      return true;
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
  const auto heap = code_.heap_type();
  pop(ValueType::ref_null(top_of(module_.types, heap)));
  if (opcode_ == opcode::kRefTest || opcode_ == opcode::kRefTestNull) {
    push(ValueType::i32);
  } else {
    push(to_null ? ValueType::ref_null(heap) : ValueType::ref(heap));
  }
}

void CodeValidator::branch_on_cast() {
  const auto [from_null, to_null] = code_.cast_flags();
  auto& frame = label();
  const auto from_heap = code_.heap_type();
  const auto to_heap = code_.heap_type();
  const auto from = from_null ? ValueType::ref_null(from_heap) : ValueType::ref(from_heap);
  const auto to = to_null ? ValueType::ref_null(to_heap) : ValueType::ref(to_heap);
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

}  // namespace wasmctl::wasm
