#include "wasm/opcodes.hpp"

#include <fmt/format.h>

#include "wasm/opcode_rows.hpp"

namespace wasmctl::wasm {

namespace {

constexpr OpcodeRow kControlRows[] = {
    {0x00, "unreachable", Immediates::none},  {0x01, "nop", Immediates::none},
    {0x02, "block", Immediates::block_type},  {0x03, "loop", Immediates::block_type},
    {0x04, "if", Immediates::block_type},     {0x05, "else", Immediates::none},
    {0x08, "throw", Immediates::tag},         {0x0b, "end", Immediates::none},
    {0x0c, "br", Immediates::label},          {0x0d, "br_if", Immediates::label},
    {0x0e, "br_table", Immediates::labels},   {0x0f, "return", Immediates::none},
    {0x10, "call", Immediates::function},     {0x11, "call_indirect", Immediates::type_table},
    {0x1a, "drop", Immediates::none},         {0x1b, "select", Immediates::none},
    {0x20, "local.get", Immediates::local},   {0x21, "local.set", Immediates::local},
    {0x22, "local.tee", Immediates::local},   {0x23, "global.get", Immediates::global},
    {0x24, "global.set", Immediates::global},
};

constexpr OpcodeRow kMemoryRows[] = {
    {0x28, "i32.load", Immediates::memory_argument, "a:i", 2},
    {0x29, "i64.load", Immediates::memory_argument, "a:I", 3},
    {0x2a, "f32.load", Immediates::memory_argument, "a:f", 2},
    {0x2b, "f64.load", Immediates::memory_argument, "a:F", 3},
    {0x2c, "i32.load8_s", Immediates::memory_argument, "a:i"},
    {0x2d, "i32.load8_u", Immediates::memory_argument, "a:i"},
    {0x2e, "i32.load16_s", Immediates::memory_argument, "a:i", 1},
    {0x2f, "i32.load16_u", Immediates::memory_argument, "a:i", 1},
    {0x30, "i64.load8_s", Immediates::memory_argument, "a:I"},
    {0x31, "i64.load8_u", Immediates::memory_argument, "a:I"},
    {0x32, "i64.load16_s", Immediates::memory_argument, "a:I", 1},
    {0x33, "i64.load16_u", Immediates::memory_argument, "a:I", 1},
    {0x34, "i64.load32_s", Immediates::memory_argument, "a:I", 2},
    {0x35, "i64.load32_u", Immediates::memory_argument, "a:I", 2},
    {0x36, "i32.store", Immediates::memory_argument, "ai:", 2},
    {0x37, "i64.store", Immediates::memory_argument, "aI:", 3},
    {0x38, "f32.store", Immediates::memory_argument, "af:", 2},
    {0x39, "f64.store", Immediates::memory_argument, "aF:", 3},
    {0x3a, "i32.store8", Immediates::memory_argument, "ai:"},
    {0x3b, "i32.store16", Immediates::memory_argument, "ai:", 1},
    {0x3c, "i64.store8", Immediates::memory_argument, "aI:"},
    {0x3d, "i64.store16", Immediates::memory_argument, "aI:", 1},
    {0x3e, "i64.store32", Immediates::memory_argument, "aI:", 2},
    {0x3f, "memory.size", Immediates::memory},
    {0x40, "memory.grow", Immediates::memory},
};

constexpr OpcodeRow kNumericRows[] = {
    {0x41, "i32.const", Immediates::i32, ":i"},
    {0x42, "i64.const", Immediates::i64, ":I"},
    {0x43, "f32.const", Immediates::f32, ":f"},
    {0x44, "f64.const", Immediates::f64, ":F"},
    {0x45, "i32.eqz", Immediates::none, "i:i"},
    {0x46, "i32.eq", Immediates::none, "ii:i"},
    {0x47, "i32.ne", Immediates::none, "ii:i"},
    {0x48, "i32.lt_s", Immediates::none, "ii:i"},
    {0x49, "i32.lt_u", Immediates::none, "ii:i"},
    {0x4a, "i32.gt_s", Immediates::none, "ii:i"},
    {0x4b, "i32.gt_u", Immediates::none, "ii:i"},
    {0x4c, "i32.le_s", Immediates::none, "ii:i"},
    {0x4d, "i32.le_u", Immediates::none, "ii:i"},
    {0x4e, "i32.ge_s", Immediates::none, "ii:i"},
    {0x4f, "i32.ge_u", Immediates::none, "ii:i"},
    {0x50, "i64.eqz", Immediates::none, "I:i"},
    {0x51, "i64.eq", Immediates::none, "II:i"},
    {0x52, "i64.ne", Immediates::none, "II:i"},
    {0x53, "i64.lt_s", Immediates::none, "II:i"},
    {0x54, "i64.lt_u", Immediates::none, "II:i"},
    {0x55, "i64.gt_s", Immediates::none, "II:i"},
    {0x56, "i64.gt_u", Immediates::none, "II:i"},
    {0x57, "i64.le_s", Immediates::none, "II:i"},
    {0x58, "i64.le_u", Immediates::none, "II:i"},
    {0x59, "i64.ge_s", Immediates::none, "II:i"},
    {0x5a, "i64.ge_u", Immediates::none, "II:i"},
    {0x5b, "f32.eq", Immediates::none, "ff:i"},
    {0x5c, "f32.ne", Immediates::none, "ff:i"},
    {0x5d, "f32.lt", Immediates::none, "ff:i"},
    {0x5e, "f32.gt", Immediates::none, "ff:i"},
    {0x5f, "f32.le", Immediates::none, "ff:i"},
    {0x60, "f32.ge", Immediates::none, "ff:i"},
    {0x61, "f64.eq", Immediates::none, "FF:i"},
    {0x62, "f64.ne", Immediates::none, "FF:i"},
    {0x63, "f64.lt", Immediates::none, "FF:i"},
    {0x64, "f64.gt", Immediates::none, "FF:i"},
    {0x65, "f64.le", Immediates::none, "FF:i"},
    {0x66, "f64.ge", Immediates::none, "FF:i"},
    {0x67, "i32.clz", Immediates::none, "i:i"},
    {0x68, "i32.ctz", Immediates::none, "i:i"},
    {0x69, "i32.popcnt", Immediates::none, "i:i"},
    {0x6a, "i32.add", Immediates::none, "ii:i"},
    {0x6b, "i32.sub", Immediates::none, "ii:i"},
    {0x6c, "i32.mul", Immediates::none, "ii:i"},
    {0x6d, "i32.div_s", Immediates::none, "ii:i"},
    {0x6e, "i32.div_u", Immediates::none, "ii:i"},
    {0x6f, "i32.rem_s", Immediates::none, "ii:i"},
    {0x70, "i32.rem_u", Immediates::none, "ii:i"},
    {0x71, "i32.and", Immediates::none, "ii:i"},
    {0x72, "i32.or", Immediates::none, "ii:i"},
    {0x73, "i32.xor", Immediates::none, "ii:i"},
    {0x74, "i32.shl", Immediates::none, "ii:i"},
    {0x75, "i32.shr_s", Immediates::none, "ii:i"},
    {0x76, "i32.shr_u", Immediates::none, "ii:i"},
    {0x77, "i32.rotl", Immediates::none, "ii:i"},
    {0x78, "i32.rotr", Immediates::none, "ii:i"},
    {0x79, "i64.clz", Immediates::none, "I:I"},
    {0x7a, "i64.ctz", Immediates::none, "I:I"},
    {0x7b, "i64.popcnt", Immediates::none, "I:I"},
    {0x7c, "i64.add", Immediates::none, "II:I"},
    {0x7d, "i64.sub", Immediates::none, "II:I"},
    {0x7e, "i64.mul", Immediates::none, "II:I"},
    {0x7f, "i64.div_s", Immediates::none, "II:I"},
    {0x80, "i64.div_u", Immediates::none, "II:I"},
    {0x81, "i64.rem_s", Immediates::none, "II:I"},
    {0x82, "i64.rem_u", Immediates::none, "II:I"},
    {0x83, "i64.and", Immediates::none, "II:I"},
    {0x84, "i64.or", Immediates::none, "II:I"},
    {0x85, "i64.xor", Immediates::none, "II:I"},
    {0x86, "i64.shl", Immediates::none, "II:I"},
    {0x87, "i64.shr_s", Immediates::none, "II:I"},
    {0x88, "i64.shr_u", Immediates::none, "II:I"},
    {0x89, "i64.rotl", Immediates::none, "II:I"},
    {0x8a, "i64.rotr", Immediates::none, "II:I"},
    {0x8b, "f32.abs", Immediates::none, "f:f"},
    {0x8c, "f32.neg", Immediates::none, "f:f"},
    {0x8d, "f32.ceil", Immediates::none, "f:f"},
    {0x8e, "f32.floor", Immediates::none, "f:f"},
    {0x8f, "f32.trunc", Immediates::none, "f:f"},
    {0x90, "f32.nearest", Immediates::none, "f:f"},
    {0x91, "f32.sqrt", Immediates::none, "f:f"},
    {0x92, "f32.add", Immediates::none, "ff:f"},
    {0x93, "f32.sub", Immediates::none, "ff:f"},
    {0x94, "f32.mul", Immediates::none, "ff:f"},
    {0x95, "f32.div", Immediates::none, "ff:f"},
    {0x96, "f32.min", Immediates::none, "ff:f"},
    {0x97, "f32.max", Immediates::none, "ff:f"},
    {0x98, "f32.copysign", Immediates::none, "ff:f"},
    {0x99, "f64.abs", Immediates::none, "F:F"},
    {0x9a, "f64.neg", Immediates::none, "F:F"},
    {0x9b, "f64.ceil", Immediates::none, "F:F"},
    {0x9c, "f64.floor", Immediates::none, "F:F"},
    {0x9d, "f64.trunc", Immediates::none, "F:F"},
    {0x9e, "f64.nearest", Immediates::none, "F:F"},
    {0x9f, "f64.sqrt", Immediates::none, "F:F"},
    {0xa0, "f64.add", Immediates::none, "FF:F"},
    {0xa1, "f64.sub", Immediates::none, "FF:F"},
    {0xa2, "f64.mul", Immediates::none, "FF:F"},
    {0xa3, "f64.div", Immediates::none, "FF:F"},
    {0xa4, "f64.min", Immediates::none, "FF:F"},
    {0xa5, "f64.max", Immediates::none, "FF:F"},
    {0xa6, "f64.copysign", Immediates::none, "FF:F"},
    {0xa7, "i32.wrap_i64", Immediates::none, "I:i"},
    {0xa8, "i32.trunc_f32_s", Immediates::none, "f:i"},
    {0xa9, "i32.trunc_f32_u", Immediates::none, "f:i"},
    {0xaa, "i32.trunc_f64_s", Immediates::none, "F:i"},
    {0xab, "i32.trunc_f64_u", Immediates::none, "F:i"},
    {0xac, "i64.extend_i32_s", Immediates::none, "i:I"},
    {0xad, "i64.extend_i32_u", Immediates::none, "i:I"},
    {0xae, "i64.trunc_f32_s", Immediates::none, "f:I"},
    {0xaf, "i64.trunc_f32_u", Immediates::none, "f:I"},
    {0xb0, "i64.trunc_f64_s", Immediates::none, "F:I"},
    {0xb1, "i64.trunc_f64_u", Immediates::none, "F:I"},
    {0xb2, "f32.convert_i32_s", Immediates::none, "i:f"},
    {0xb3, "f32.convert_i32_u", Immediates::none, "i:f"},
    {0xb4, "f32.convert_i64_s", Immediates::none, "I:f"},
    {0xb5, "f32.convert_i64_u", Immediates::none, "I:f"},
    {0xb6, "f32.demote_f64", Immediates::none, "F:f"},
    {0xb7, "f64.convert_i32_s", Immediates::none, "i:F"},
    {0xb8, "f64.convert_i32_u", Immediates::none, "i:F"},
    {0xb9, "f64.convert_i64_s", Immediates::none, "I:F"},
    {0xba, "f64.convert_i64_u", Immediates::none, "I:F"},
    {0xbb, "f64.promote_f32", Immediates::none, "f:F"},
    {0xbc, "i32.reinterpret_f32", Immediates::none, "f:i"},
    {0xbd, "i64.reinterpret_f64", Immediates::none, "F:I"},
    {0xbe, "f32.reinterpret_i32", Immediates::none, "i:f"},
    {0xbf, "f64.reinterpret_i64", Immediates::none, "I:F"},
};

constexpr OpcodeRow kSignExtensionRows[] = {
    {0xc0, "i32.extend8_s", Immediates::none, "i:i"},
    {0xc1, "i32.extend16_s", Immediates::none, "i:i"},
    {0xc2, "i64.extend8_s", Immediates::none, "I:I"},
    {0xc3, "i64.extend16_s", Immediates::none, "I:I"},
    {0xc4, "i64.extend32_s", Immediates::none, "I:I"},
};

constexpr OpcodeRow kTailCallRows[] = {
    {0x12, "return_call", Immediates::function},
    {0x13, "return_call_indirect", Immediates::type_table},
};

constexpr OpcodeRow kLegacyExceptionRows[] = {
    {0x06, "try", Immediates::block_type}, {0x07, "catch", Immediates::tag},
    {0x09, "rethrow", Immediates::label},  {0x18, "delegate", Immediates::label},
    {0x19, "catch_all", Immediates::none},
};

constexpr OpcodeRow kExceptionRows[] = {
    {0x0a, "throw_ref", Immediates::none},
    {0x1f, "try_table", Immediates::try_table},
};

constexpr OpcodeRow kReferenceRows[] = {
    {0x1c, "select", Immediates::value_types}, {0x25, "table.get", Immediates::table},
    {0x26, "table.set", Immediates::table},    {0xd0, "ref.null", Immediates::heap_type},
    {0xd1, "ref.is_null", Immediates::none},   {0xd2, "ref.func", Immediates::function},
};

// Typed function references, and what compares and casts references.
constexpr OpcodeRow kTypedReferenceRows[] = {
    {0x14, "call_ref", Immediates::type},    {0x15, "return_call_ref", Immediates::type},
    {0xd3, "ref.eq", Immediates::none},      {0xd4, "ref.as_non_null", Immediates::none},
    {0xd5, "br_on_null", Immediates::label}, {0xd6, "br_on_non_null", Immediates::label},
};

constexpr OpcodeRows kPlainRuns[] = {
    {kControlRows, std::nullopt},          {kMemoryRows, std::nullopt},
    {kNumericRows, std::nullopt},          {kSignExtensionRows, Feature::sign_extension},
    {kTailCallRows, Feature::tail_calls},  {kLegacyExceptionRows, Feature::legacy_exceptions},
    {kExceptionRows, Feature::exceptions}, {kReferenceRows, Feature::reference_types},
    {kTypedReferenceRows, Feature::gc},
};

// Behind 0xfb.
constexpr OpcodeRow kGcRows[] = {
    {0x00, "struct.new", Immediates::type},
    {0x01, "struct.new_default", Immediates::type},
    {0x02, "struct.get", Immediates::type_field},
    {0x03, "struct.get_s", Immediates::type_field},
    {0x04, "struct.get_u", Immediates::type_field},
    {0x05, "struct.set", Immediates::type_field},
    {0x06, "array.new", Immediates::type},
    {0x07, "array.new_default", Immediates::type},
    {0x08, "array.new_fixed", Immediates::type_count},
    {0x09, "array.new_data", Immediates::type_data},
    {0x0a, "array.new_elem", Immediates::type_element},
    {0x0b, "array.get", Immediates::type},
    {0x0c, "array.get_s", Immediates::type},
    {0x0d, "array.get_u", Immediates::type},
    {0x0e, "array.set", Immediates::type},
    {0x0f, "array.len", Immediates::none},
    {0x10, "array.fill", Immediates::type},
    {0x11, "array.copy", Immediates::types},
    {0x12, "array.init_data", Immediates::type_data},
    {0x13, "array.init_elem", Immediates::type_element},
    {0x14, "ref.test", Immediates::heap_type},
    {0x15, "ref.test null", Immediates::heap_type},
    {0x16, "ref.cast", Immediates::heap_type},
    {0x17, "ref.cast null", Immediates::heap_type},
    {0x18, "br_on_cast", Immediates::cast_branch},
    {0x19, "br_on_cast_fail", Immediates::cast_branch},
    {0x1a, "any.convert_extern", Immediates::none},
    {0x1b, "extern.convert_any", Immediates::none},
    {0x1c, "ref.i31", Immediates::none},
    {0x1d, "i31.get_s", Immediates::none},
    {0x1e, "i31.get_u", Immediates::none},
};

constexpr OpcodeRows kGcRuns[] = {{kGcRows, Feature::gc}};

// Behind 0xfc.
constexpr OpcodeRow kSaturatingRows[] = {
    {0x00, "i32.trunc_sat_f32_s", Immediates::none, "f:i"},
    {0x01, "i32.trunc_sat_f32_u", Immediates::none, "f:i"},
    {0x02, "i32.trunc_sat_f64_s", Immediates::none, "F:i"},
    {0x03, "i32.trunc_sat_f64_u", Immediates::none, "F:i"},
    {0x04, "i64.trunc_sat_f32_s", Immediates::none, "f:I"},
    {0x05, "i64.trunc_sat_f32_u", Immediates::none, "f:I"},
    {0x06, "i64.trunc_sat_f64_s", Immediates::none, "F:I"},
    {0x07, "i64.trunc_sat_f64_u", Immediates::none, "F:I"},
};

constexpr OpcodeRow kBulkRows[] = {
    {0x08, "memory.init", Immediates::data_memory},  {0x09, "data.drop", Immediates::data},
    {0x0a, "memory.copy", Immediates::memories},     {0x0b, "memory.fill", Immediates::memory},
    {0x0c, "table.init", Immediates::element_table}, {0x0d, "elem.drop", Immediates::element},
    {0x0e, "table.copy", Immediates::tables},
};

constexpr OpcodeRow kTableRows[] = {
    {0x0f, "table.grow", Immediates::table},
    {0x10, "table.size", Immediates::table},
    {0x11, "table.fill", Immediates::table},
};

constexpr OpcodeRow kWideRows[] = {
    {0x13, "i64.add128", Immediates::none, "IIII:II"},
    {0x14, "i64.sub128", Immediates::none, "IIII:II"},
    {0x15, "i64.mul_wide_s", Immediates::none, "II:II"},
    {0x16, "i64.mul_wide_u", Immediates::none, "II:II"},
};

constexpr OpcodeRows kMiscRuns[] = {
    {kSaturatingRows, Feature::saturating_float},
    {kBulkRows, Feature::bulk_memory},
    {kTableRows, Feature::reference_types},
    {kWideRows, Feature::wide_arithmetic},
};

constexpr bool is_constant(std::uint32_t opcode) {
  constexpr std::uint32_t kConstant[] = {
      0x0b,  // end
      0x23,  // global.get
      0x41,
      0x42,
      0x43,
      0x44,  // t.const
      0x6a,
      0x6b,
      0x6c,
      0x7c,
      0x7d,
      0x7e,  // add, sub, mul
      opcode::kRefNull,
      opcode::kRefFunc,  //
  };
  for (const auto item : kConstant) {
    if (item == opcode) return true;
  }
  return false;
}

constexpr auto with_constants(std::array<Opcode, 256> table) {
  for (std::uint32_t i = 0; i < table.size(); ++i) table[i].is_constant = is_constant(i);
  return table;
}

// struct.new to array.new_fixed but for what reads fields; conversions and ref.i31.
constexpr auto with_gc_constants(std::array<Opcode, 31> table) {
  for (const auto i : {0, 1, 6, 7, 8, 26, 27, 28}) {
    table[static_cast<std::size_t>(i)].is_constant = true;
  }
  return table;
}

constexpr auto kPlain = with_constants(opcode_table<256>(kPlainRuns));
constexpr auto kGc = with_gc_constants(opcode_table<31>(kGcRuns));
constexpr auto kMisc = opcode_table<23>(kMiscRuns);

std::span<const OpcodeRows> rows_of(std::uint32_t prefix) {
  switch (prefix) {
    case 0:
      return kPlainRuns;
    case opcode::kGcPrefix:
      return kGcRuns;
    case opcode::kMiscPrefix:
      return kMiscRuns;
    case opcode::kSimdPrefix:
      return simd_rows();
    case opcode::kAtomicPrefix:
      return atomic_rows();
    default:
      return {};
  }
}

}  // namespace

std::span<const Opcode> opcodes_of(std::uint32_t prefix) {
  switch (prefix) {
    case 0:
      return kPlain;
    case opcode::kGcPrefix:
      return kGc;
    case opcode::kMiscPrefix:
      return kMisc;
    case opcode::kSimdPrefix:
      return simd_opcodes();
    case opcode::kAtomicPrefix:
      return atomic_opcodes();
    default:
      return {};
  }
}

std::string name_of(std::uint32_t opcode) {
  const auto prefix = opcode >> 16U;
  const auto number = opcode & 0xffffU;
  for (const auto& run : rows_of(prefix)) {
    for (const auto& row : run.rows) {
      if (row.number == number) return std::string(row.name);
    }
  }
  return prefix == 0 ? fmt::format("{:#04x}", number)
                     : fmt::format("{:#04x} {:#x}", prefix, number);
}

}  // namespace wasmctl::wasm
