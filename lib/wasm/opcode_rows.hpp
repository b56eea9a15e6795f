// How the table of instructions is written down: only for the files that hold its rows.
#pragma once

#include <optional>
#include <string_view>

#include "wasm/opcodes.hpp"

namespace wasmctl::wasm {

struct OpcodeRow {
  std::uint32_t number;
  std::string_view name;
  Immediates immediates;
  // "ii:i" is two i32 to an i32: i, I, f, F, V for i32, i64, f32, f64, v128; a for an address.
  // Empty: see the validator.
  std::string_view signature = {};
  std::uint8_t width = 0;  // Opcode::width
};

// A run of rows of one proposal.
struct OpcodeRows {
  std::span<const OpcodeRow> rows;
  std::optional<Feature> feature;
};

constexpr std::uint8_t type_byte(char letter) {
  switch (letter) {
    case 'i':
      return 0x7f;
    case 'I':
      return 0x7e;
    case 'f':
      return 0x7d;
    case 'F':
      return 0x7c;
    case 'V':
      return 0x7b;
    default:
      return Signature::kAddress;
  }
}

constexpr Signature signature_of(std::string_view text) {
  Signature signature;
  std::size_t parameters = 0;
  std::size_t results = 0;
  bool behind_colon = false;
  for (const char letter : text) {
    if (letter == ':') {
      behind_colon = true;
    } else if (behind_colon) {
      signature.results[results++] = type_byte(letter);
    } else {
      signature.parameters[parameters++] = type_byte(letter);
    }
  }
  return signature;
}

// One table by opcode out of runs of rows.
template <std::size_t size>
constexpr std::array<Opcode, size> opcode_table(std::span<const OpcodeRows> runs) {
  std::array<Opcode, size> table{};
  for (const auto& run : runs) {
    for (const auto& row : run.rows) {
      auto& opcode = table[row.number];
      opcode.immediates = row.immediates;
      opcode.has_signature = !row.signature.empty();
      opcode.signature = signature_of(row.signature);
      opcode.width = row.width;
      if (run.feature) opcode.features.add(*run.feature);
    }
  }
  return table;
}

// opcodes_simd.cpp
std::span<const Opcode> simd_opcodes();
std::span<const OpcodeRows> simd_rows();
// opcodes_atomic.cpp
std::span<const Opcode> atomic_opcodes();
std::span<const OpcodeRows> atomic_rows();

}  // namespace wasmctl::wasm
