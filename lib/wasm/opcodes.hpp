// Every instruction that V8 knows: its name, what follows its opcode, what it takes and leaves, and
// the proposal that it belongs to. One row for each, in opcodes.cpp, opcodes_simd.cpp and
// opcodes_atomic.cpp. Source: WebAssembly Core Specification 3.0, 5.4 and appendix A.7 (index of
// instructions); the threads, legacy exceptions and wide arithmetic proposals.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wasm/features.hpp"

namespace wasmctl::wasm {

// What follows an opcode. Indices are LEB128 numbers of 32 bits.
enum class Immediates : std::uint8_t {
  invalid,  // no instruction has this opcode
  none,
  block_type,
  label,
  labels,    // a count, that many labels, and one more: the default
  function,  // an index of this kind, as in what follows
  type,
  tag,
  local,
  global,
  table,
  memory,
  element,
  data,
  type_table,  // call_indirect
  data_memory,
  element_table,
  tables,    // two
  memories,  // two
  types,     // two
  type_field,
  type_count,
  type_data,
  type_element,
  memory_argument,  // alignment, a memory's index if the alignment says so, offset
  memory_lane,      // the same and a lane
  lane,             // one byte
  zero,             // one byte
  i32,
  i64,
  f32,          // four bytes
  f64,          // eight bytes
  v128,         // sixteen bytes
  lanes,        // sixteen bytes, a lane each
  value_types,  // a count and that many
  heap_type,
  cast_branch,  // flags, a label, two heap types
  try_table,    // a block type and clauses
};

// What an instruction takes from the stack and leaves there, where that is always the same. A type
// is the byte that encodes it; kAddress is the i32 or i64 that the memory's addresses are.
struct Signature {
  static constexpr std::uint8_t kAddress = 1;

  std::array<std::uint8_t, 4> parameters{};  // 0 after the last
  std::array<std::uint8_t, 2> results{};
};

struct Opcode {
  Immediates immediates = Immediates::invalid;
  // False: what it takes and leaves depends on its immediates, on the stack or on labels.
  bool has_signature = false;
  bool is_constant = false;  // allowed in constant expressions (global.get with conditions)
  // Of a memory access, the logarithm of its bytes; of a lane, the number of lanes.
  std::uint8_t width = 0;
  Signature signature;
  FeatureSet features;  // the proposal it belongs to, or none
};

namespace opcode {
inline constexpr std::uint32_t kGcPrefix = 0xfb;
inline constexpr std::uint32_t kMiscPrefix = 0xfc;
inline constexpr std::uint32_t kSimdPrefix = 0xfd;
inline constexpr std::uint32_t kAtomicPrefix = 0xfe;

constexpr std::uint32_t gc(std::uint32_t number) {
  return kGcPrefix << 16U | number;
}
constexpr std::uint32_t misc(std::uint32_t number) {
  return kMiscPrefix << 16U | number;
}

inline constexpr std::uint32_t kUnreachable = 0x00;
inline constexpr std::uint32_t kNop = 0x01;
inline constexpr std::uint32_t kBlock = 0x02;
inline constexpr std::uint32_t kLoop = 0x03;
inline constexpr std::uint32_t kIf = 0x04;
inline constexpr std::uint32_t kElse = 0x05;
inline constexpr std::uint32_t kTry = 0x06;
inline constexpr std::uint32_t kCatch = 0x07;
inline constexpr std::uint32_t kThrow = 0x08;
inline constexpr std::uint32_t kRethrow = 0x09;
inline constexpr std::uint32_t kThrowRef = 0x0a;
inline constexpr std::uint32_t kEnd = 0x0b;
inline constexpr std::uint32_t kBr = 0x0c;
inline constexpr std::uint32_t kBrIf = 0x0d;
inline constexpr std::uint32_t kBrTable = 0x0e;
inline constexpr std::uint32_t kReturn = 0x0f;
inline constexpr std::uint32_t kCall = 0x10;
inline constexpr std::uint32_t kCallIndirect = 0x11;
inline constexpr std::uint32_t kReturnCall = 0x12;
inline constexpr std::uint32_t kReturnCallIndirect = 0x13;
inline constexpr std::uint32_t kCallRef = 0x14;
inline constexpr std::uint32_t kReturnCallRef = 0x15;
inline constexpr std::uint32_t kDelegate = 0x18;
inline constexpr std::uint32_t kCatchAll = 0x19;
inline constexpr std::uint32_t kDrop = 0x1a;
inline constexpr std::uint32_t kSelect = 0x1b;
inline constexpr std::uint32_t kSelectTyped = 0x1c;
inline constexpr std::uint32_t kTryTable = 0x1f;
inline constexpr std::uint32_t kLocalGet = 0x20;
inline constexpr std::uint32_t kLocalSet = 0x21;
inline constexpr std::uint32_t kLocalTee = 0x22;
inline constexpr std::uint32_t kGlobalGet = 0x23;
inline constexpr std::uint32_t kGlobalSet = 0x24;
inline constexpr std::uint32_t kTableGet = 0x25;
inline constexpr std::uint32_t kTableSet = 0x26;
inline constexpr std::uint32_t kMemorySize = 0x3f;
inline constexpr std::uint32_t kMemoryGrow = 0x40;
inline constexpr std::uint32_t kI32Const = 0x41;
inline constexpr std::uint32_t kI64Const = 0x42;
inline constexpr std::uint32_t kRefNull = 0xd0;
inline constexpr std::uint32_t kRefIsNull = 0xd1;
inline constexpr std::uint32_t kRefFunc = 0xd2;
inline constexpr std::uint32_t kRefEq = 0xd3;
inline constexpr std::uint32_t kRefAsNonNull = 0xd4;
inline constexpr std::uint32_t kBrOnNull = 0xd5;
inline constexpr std::uint32_t kBrOnNonNull = 0xd6;

inline constexpr std::uint32_t kMemoryInit = misc(8);
inline constexpr std::uint32_t kDataDrop = misc(9);
inline constexpr std::uint32_t kMemoryCopy = misc(10);
inline constexpr std::uint32_t kMemoryFill = misc(11);
inline constexpr std::uint32_t kTableInit = misc(12);
inline constexpr std::uint32_t kElemDrop = misc(13);
inline constexpr std::uint32_t kTableCopy = misc(14);
inline constexpr std::uint32_t kTableGrow = misc(15);
inline constexpr std::uint32_t kTableSize = misc(16);
inline constexpr std::uint32_t kTableFill = misc(17);

inline constexpr std::uint32_t kStructNew = gc(0);
inline constexpr std::uint32_t kStructNewDefault = gc(1);
inline constexpr std::uint32_t kStructGet = gc(2);
inline constexpr std::uint32_t kStructGetS = gc(3);
inline constexpr std::uint32_t kStructGetU = gc(4);
inline constexpr std::uint32_t kStructSet = gc(5);
inline constexpr std::uint32_t kArrayNew = gc(6);
inline constexpr std::uint32_t kArrayNewDefault = gc(7);
inline constexpr std::uint32_t kArrayNewFixed = gc(8);
inline constexpr std::uint32_t kArrayNewData = gc(9);
inline constexpr std::uint32_t kArrayNewElem = gc(10);
inline constexpr std::uint32_t kArrayGet = gc(11);
inline constexpr std::uint32_t kArrayGetS = gc(12);
inline constexpr std::uint32_t kArrayGetU = gc(13);
inline constexpr std::uint32_t kArraySet = gc(14);
inline constexpr std::uint32_t kArrayLen = gc(15);
inline constexpr std::uint32_t kArrayFill = gc(16);
inline constexpr std::uint32_t kArrayCopy = gc(17);
inline constexpr std::uint32_t kArrayInitData = gc(18);
inline constexpr std::uint32_t kArrayInitElem = gc(19);
inline constexpr std::uint32_t kRefTest = gc(20);
inline constexpr std::uint32_t kRefTestNull = gc(21);
inline constexpr std::uint32_t kRefCast = gc(22);
inline constexpr std::uint32_t kRefCastNull = gc(23);
inline constexpr std::uint32_t kBrOnCast = gc(24);
inline constexpr std::uint32_t kBrOnCastFail = gc(25);
inline constexpr std::uint32_t kAnyConvertExtern = gc(26);
inline constexpr std::uint32_t kExternConvertAny = gc(27);
inline constexpr std::uint32_t kRefI31 = gc(28);
inline constexpr std::uint32_t kI31GetS = gc(29);
inline constexpr std::uint32_t kI31GetU = gc(30);
}  // namespace opcode

// The opcodes behind a prefix byte, by number; of the plain ones, for prefix 0. Empty for a byte
// that is no prefix.
std::span<const Opcode> opcodes_of(std::uint32_t prefix);

// "i32.add"; for what is no instruction "0x27", "0xfc 0x7f". `opcode`: a prefixed one is
// prefix << 16 | number.
std::string name_of(std::uint32_t opcode);

}  // namespace wasmctl::wasm
