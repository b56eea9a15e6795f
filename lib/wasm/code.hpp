// Function bodies and constant expressions, read instruction by instruction. Types are not checked
// here; validate() does that.
// Source: WebAssembly Core Specification 3.0, 5.4 (instructions); the legacy exceptions proposal;
// the threads and wide arithmetic proposals.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "wasm/features.hpp"
#include "wasm/opcodes.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

struct Module;

// What a read in code is for, in messages.
inline constexpr std::string_view kInstruction = "an instruction";

struct Instruction {
  std::size_t offset = 0;    // of its first byte, in the file
  std::uint32_t opcode = 0;  // a prefixed one as prefix << 16 | number
  std::uint32_t index = 0;   // its first index, if it has one: the callee, a label, a tag
};

// A LEB128 number in an instruction. Linkers write some of them wider than they need to be.
struct Number {
  std::size_t offset = 0;  // in the file
  std::size_t size = 0;    // bytes
  std::int64_t value = 0;
  bool is_signed = false;
};

// The instructions of one function body, or of a constant expression. Throws Error{Code::bad_input}
// for what is no instruction, and where the end is missing or not the last byte.
class Instructions {
 public:
  // `code` begins with the first instruction. If `numbers` is given, it gets the numbers of each
  // instruction in turn, in place of those of the one before.
  explicit Instructions(Reader code, std::vector<Number>* numbers = nullptr)
      : code_(code), numbers_(numbers) {}

  // False behind the end that closes the body.
  bool next(Instruction& instruction);

  // The proposals that the instructions so far belong to.
  FeatureSet features() const { return features_; }
  // Behind the last instruction read.
  const Reader& reader() const { return code_; }

 private:
  std::uint64_t unsigned_number(std::string_view what);
  std::int64_t signed_number(unsigned max_bits, std::string_view what);
  std::uint32_t index();
  void memory_argument();
  void heap_type();
  void block_type();
  void immediates(Immediates kind, Instruction& instruction);
  void try_table();
  void finish_blocks(std::uint32_t opcode);

  Reader code_;
  std::vector<Number>* numbers_;
  FeatureSet features_;
  std::size_t depth_ = 0;  // open blocks, the body's own not counted
};

// How the first byte of a block type tells what it is: nothing, a function type's index, or one
// value type.
inline constexpr std::uint8_t kEmptyBlockType = 0x40;
constexpr bool is_type_index(std::uint8_t first) {
  return first >= 0x80 || first < 0x40;
}

// In the alignment of a memory access: a memory's index follows.
inline constexpr std::uint32_t kHasMemoryIndex = 0x40;

// Reads an opcode and gives its row; `opcode` is a prefixed one as prefix << 16 | number. Throws
// Error{Code::bad_input} for what is no instruction.
const Opcode& read_opcode(Reader& code, std::uint32_t& opcode);

// The reader of a body's instructions: reads past its local variables.
Reader instructions_of(const Module& module, std::size_t body);

}  // namespace wasmctl::wasm
