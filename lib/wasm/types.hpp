// Types of values, and what the type section defines: function types, structs, arrays.
// Source: WebAssembly Core Specification 3.0, 2.3 and 3.3 (types), 5.3 (their encoding).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wasm/features.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

// What a reference refers to: an abstract type, or a defined one by its index (not negative). The
// numbers are those of the encoding.
enum class HeapType : std::int32_t {
  exn = -23,
  array = -22,
  structure = -21,
  i31 = -20,
  eq = -19,
  any = -18,
  external = -17,
  function = -16,
  none = -15,         // the bottom of `any`
  no_external = -14,  // of `external`
  no_function = -13,  // of `function`
  no_exn = -12,       // of `exn`
  bottom = -64,       // of all of them: what unreachable code has, nothing that a module can write
};

constexpr HeapType defined_type(std::uint32_t index) {
  return static_cast<HeapType>(index);
}
constexpr bool is_defined(HeapType type) {
  return static_cast<std::int32_t>(type) >= 0;
}
constexpr std::uint32_t index_of(HeapType type) {
  return static_cast<std::uint32_t>(type);
}

class ValueType {
 public:
  // What an unreachable instruction leaves: it fits everywhere.
  constexpr ValueType() = default;
  static constexpr ValueType ref(HeapType type) { return {kRef, type}; }
  static constexpr ValueType ref_null(HeapType type) { return {kRefNull, type}; }
  // Of a number or vector, by the byte that encodes it: 0x7f (i32) to 0x7b (v128).
  // NOLINTNEXTLINE(bugprone-invalid-enum-default-initialization): a number has none
  static constexpr ValueType number(std::uint8_t code) { return ValueType(code, HeapType{}); }

  static const ValueType i32;
  static const ValueType i64;
  static const ValueType f32;
  static const ValueType f64;
  static const ValueType v128;
  static const ValueType i16;  // i16 and i8: only in fields of structs and arrays
  static const ValueType i8;
  static const ValueType funcref;
  static const ValueType externref;
  static const ValueType exnref;

  constexpr bool is_unknown() const { return bits_ == 0; }
  constexpr bool is_reference() const { return code() == kRef || code() == kRefNull; }
  constexpr bool is_nullable() const { return code() == kRefNull; }
  constexpr bool is_packed() const { return code() == 0x77 || code() == 0x78; }
  // Whether a local of it may be read before it is set.
  constexpr bool has_default() const { return code() != kRef; }
  // Of a reference.
  constexpr HeapType heap() const {
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): a defined type is its index
    return static_cast<HeapType>(static_cast<std::int32_t>(bits_) >> 8);
  }
  constexpr ValueType non_null() const { return is_reference() ? ref(heap()) : *this; }
  // What a field of it is on the stack: a packed one is an i32.
  constexpr ValueType unpacked() const { return is_packed() ? number(0x7f) : *this; }

  constexpr bool operator==(const ValueType&) const = default;
  // For keys of tables: two types are the same if their bits are.
  constexpr std::uint32_t bits() const { return bits_; }

 private:
  static constexpr std::uint8_t kRef = 0x64;
  static constexpr std::uint8_t kRefNull = 0x63;

  constexpr ValueType(std::uint8_t code, HeapType heap)
      : bits_(static_cast<std::uint32_t>(heap) << 8U | code) {}
  constexpr std::uint8_t code() const { return static_cast<std::uint8_t>(bits_ & 0xffU); }

  std::uint32_t bits_ = 0;  // the encoding's byte; above it the heap type of a reference
};

inline constexpr ValueType ValueType::i32 = ValueType::number(0x7f);
inline constexpr ValueType ValueType::i64 = ValueType::number(0x7e);
inline constexpr ValueType ValueType::f32 = ValueType::number(0x7d);
inline constexpr ValueType ValueType::f64 = ValueType::number(0x7c);
inline constexpr ValueType ValueType::v128 = ValueType::number(0x7b);
inline constexpr ValueType ValueType::i8 = ValueType::number(0x78);
inline constexpr ValueType ValueType::i16 = ValueType::number(0x77);
inline constexpr ValueType ValueType::funcref = ValueType::ref_null(HeapType::function);
inline constexpr ValueType ValueType::externref = ValueType::ref_null(HeapType::external);
inline constexpr ValueType ValueType::exnref = ValueType::ref_null(HeapType::exn);

// "i32", "funcref", "(ref null 3)", "(ref extern)".
std::string to_string(ValueType type);
// "func", "3".
std::string to_string(HeapType type);
// "i32, i64".
std::string to_string(std::span<const ValueType> types);

struct FunctionType {
  std::vector<ValueType> parameters;
  std::vector<ValueType> results;
  bool operator==(const FunctionType&) const = default;
};

// "(i32, i64) -> i32"; nothing returned is "-> ()".
std::string to_string(const FunctionType& type);

struct Field {
  ValueType type;
  bool is_mutable = false;
};

enum class TypeForm : std::uint8_t { array = 0x5e, structure = 0x5f, function = 0x60 };
std::string_view to_string(TypeForm form);

// One entry of the type section's index space.
struct DefinedType {
  TypeForm form = TypeForm::function;
  FunctionType function;      // of a function
  std::vector<Field> fields;  // of a struct; of an array: one
  bool is_final = true;
  std::optional<std::uint32_t> supertype;
  std::uint32_t group = 0;      // the index of the first type of its recursive group
  std::uint32_t canonical = 0;  // the least index of the same type: equal types, equal numbers
  std::size_t offset = 0;       // in the file
};

// Reads a heap type; a defined one must be below `types`. Throws Error{Code::bad_input}.
HeapType read_heap_type(Reader& reader, std::uint32_t types);
// The same for a value type.
ValueType read_value_type(Reader& reader, std::uint32_t types);
// For those who only read past types.
inline constexpr std::uint32_t kAnyTypeIndex = UINT32_MAX;

// The proposals that a value of this type belongs to.
FeatureSet features_of(ValueType type);

}  // namespace wasmctl::wasm
