#include "wasm/types.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wasmctl::wasm {

namespace {

struct HeapRow {
  HeapType type;
  std::string_view name;
  std::string_view nullable;  // the short name of a reference to it that may be null
};

constexpr HeapRow kHeapRows[] = {
    {HeapType::function, "func", "funcref"},
    {HeapType::external, "extern", "externref"},
    {HeapType::any, "any", "anyref"},
    {HeapType::eq, "eq", "eqref"},
    {HeapType::i31, "i31", "i31ref"},
    {HeapType::structure, "struct", "structref"},
    {HeapType::array, "array", "arrayref"},
    {HeapType::exn, "exn", "exnref"},
    {HeapType::none, "none", "nullref"},
    {HeapType::no_external, "noextern", "nullexternref"},
    {HeapType::no_function, "nofunc", "nullfuncref"},
    {HeapType::no_exn, "noexn", "nullexnref"},
};

const HeapRow* find_heap_row(HeapType type) {
  const auto* found = std::find_if(std::begin(kHeapRows), std::end(kHeapRows),
                                   [&](const HeapRow& row) { return row.type == type; });
  return found == std::end(kHeapRows) ? nullptr : found;
}

// An abstract type is one byte, a negative number of 7 bits.
const HeapRow* abstract_type(std::uint8_t byte) {
  return find_heap_row(static_cast<HeapType>(static_cast<std::int32_t>(byte) - 0x80));
}

std::string_view number_name(ValueType type) {
  if (type == ValueType::i32) return "i32";
  if (type == ValueType::i64) return "i64";
  if (type == ValueType::f32) return "f32";
  if (type == ValueType::f64) return "f64";
  if (type == ValueType::v128) return "v128";
  if (type == ValueType::i16) return "i16";
  if (type == ValueType::i8) return "i8";
  return "unknown";
}

}  // namespace

std::string to_string(HeapType type) {
  if (is_defined(type)) return fmt::format("{}", index_of(type));
  const auto* row = find_heap_row(type);
  return std::string(row == nullptr ? "bottom" : row->name);
}

std::string to_string(ValueType type) {
  if (!type.is_reference()) return std::string(number_name(type));
  const auto* row = find_heap_row(type.heap());
  if (row != nullptr && type.is_nullable()) return std::string(row->nullable);
  return fmt::format("(ref {}{})", type.is_nullable() ? "null " : "", to_string(type.heap()));
}

std::string to_string(std::span<const ValueType> types) {
  std::string text;
  for (const auto type : types) {
    if (!text.empty()) text += ", ";
    text += to_string(type);
  }
  return text;
}

std::string to_string(const FunctionType& type) {
  const auto results = to_string(std::span(type.results));
  return fmt::format("({}) -> {}", to_string(std::span(type.parameters)),
                     type.results.size() == 1 ? results : "(" + results + ")");
}

std::string_view to_string(TypeForm form) {
  switch (form) {
    case TypeForm::function:
      return "function";
    case TypeForm::structure:
      return "struct";
    case TypeForm::array:
      return "array";
  }
  return "?";
}

HeapType read_heap_type(Reader& reader, std::uint32_t types) {
  const Reader start = reader;
  Reader ahead = reader;
  if (const auto* row = abstract_type(ahead.byte("a heap type"))) {
    reader = ahead;
    return row->type;
  }
  const auto index = reader.signed_leb(33, "a heap type");
  if (index < 0) start.fail(fmt::format("unknown heap type {:#04x}", index & 0x7f));
  if (index >= types) start.fail(fmt::format("a reference is to type {} of {}", index, types));
  // More types than this cannot be in a module, and 23 bits are what a ValueType has for them.
  if (index >= 1 << 23) start.fail(fmt::format("a reference is to type {}", index));
  return defined_type(static_cast<std::uint32_t>(index));
}

ValueType read_value_type(Reader& reader, std::uint32_t types) {
  constexpr std::uint8_t kReference = 0x64;
  constexpr std::uint8_t kNullableReference = 0x63;
  const Reader start = reader;
  const auto code = reader.byte("a value type");
  if (code >= 0x7b && code <= 0x7f) return ValueType::number(code);
  if (code == kReference) return ValueType::ref(read_heap_type(reader, types));
  if (code == kNullableReference) return ValueType::ref_null(read_heap_type(reader, types));
  if (const auto* row = abstract_type(code)) return ValueType::ref_null(row->type);
  start.fail(fmt::format("unknown value type {:#04x}", code));
}

FeatureSet features_of(ValueType type) {
  FeatureSet features;
  if (type == ValueType::v128) features.add(Feature::simd);
  if (!type.is_reference() || type == ValueType::funcref) return features;
  if (type == ValueType::externref) {
    features.add(Feature::reference_types);
  } else if (type == ValueType::exnref) {
    features.add(Feature::exceptions);
  } else {
    features.add(Feature::gc);
  }
  return features;
}

}  // namespace wasmctl::wasm
