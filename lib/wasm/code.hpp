// Function bodies and constant expressions, read instruction by instruction. Types are not checked
// here; validate() does that.
// Source: WebAssembly Core Specification 3.0, 5.4 (instructions); the legacy exceptions proposal;
// the threads and wide arithmetic proposals.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wasm/features.hpp"
#include "wasm/opcodes.hpp"
#include "wasm/reader.hpp"
#include "wasm/types.hpp"

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

struct BlockTypeCode {
  std::optional<std::int64_t> index;  // of a function type; negative numbers are in no module
  ValueType result;                   // unknown: none
};

struct MemoryArgument {
  std::uint32_t alignment = 0;  // the logarithm
  std::uint32_t memory = 0;
  std::uint64_t offset = 0;
  std::size_t offset_bytes = 0;  // that it takes in the code: for 32 bits at most 5
};

struct CatchClause {
  bool has_tag = false;
  bool has_reference = false;  // the exception is the last value
  std::uint32_t tag = 0;
  std::uint32_t label = 0;
};

// Reads what instructions are made of, whatever they mean. Throws Error{Code::bad_input} for what
// is none of it.
class CodeReader {
 public:
  // Types that code refers to must be below `types`. If `numbers` is given, the numbers that are
  // read are put behind what it has.
  explicit CodeReader(Reader reader, std::uint32_t types = kAnyTypeIndex,
                      std::vector<Number>* numbers = nullptr)
      : reader_(reader), types_(types), numbers_(numbers) {}

  // Gives its row; `opcode`: a prefixed one is prefix << 16 | number.
  const Opcode& opcode(std::uint32_t& opcode) {
    const auto& row = read_opcode(reader_, opcode);
    features_.add(row.features);
    return row;
  }
  std::uint32_t index() {
    const auto offset = reader_.offset();
    const auto value = reader_.u32_leb(kInstruction);
    if (numbers_ != nullptr) note(offset, value, false);
    return value;
  }
  std::int64_t signed_number(unsigned max_bits);
  std::uint8_t byte() { return reader_.byte(kInstruction); }
  std::string_view bytes(std::size_t size) { return reader_.take(size, kInstruction); }
  // Of what follows and takes a byte each.
  std::uint32_t count(std::string_view what) { return reader_.count(what); }
  BlockTypeCode block_type();
  MemoryArgument memory_argument();
  CatchClause catch_clause();
  // Of a number or a vector, whatever it is.
  void constant(Immediates kind);
  ValueType value_type();
  HeapType heap_type();
  // Of cast branches: whether each of the two types may be null.
  std::array<bool, 2> cast_flags();

  // The proposals that what was read belongs to.
  FeatureSet features() const { return features_; }
  // Behind what was read.
  const Reader& reader() const { return reader_; }
  void move_to(Reader reader) { reader_ = reader; }

 private:
  static const Opcode& read_opcode(Reader& code, std::uint32_t& opcode);
  void note(std::size_t offset, std::int64_t value, bool is_signed);

  Reader reader_;
  std::uint32_t types_;
  std::vector<Number>* numbers_;
  FeatureSet features_;
};

// The instructions of one function body, or of a constant expression. Throws Error{Code::bad_input}
// for what is no instruction, and where the end is missing or not the last byte.
class Instructions {
 public:
  // `code` begins with the first instruction. If `numbers` is given, it gets the numbers of each
  // instruction in turn, in place of those of the one before.
  explicit Instructions(Reader code, std::vector<Number>* numbers = nullptr)
      : code_(code, kAnyTypeIndex, numbers), numbers_(numbers) {}

  // False behind the end that closes the body.
  bool next(Instruction& instruction);

  // The proposals that the instructions so far belong to.
  FeatureSet features() const { return code_.features(); }
  // Behind the last instruction read.
  const Reader& reader() const { return code_.reader(); }

 private:
  void immediates(Immediates kind, Instruction& instruction);
  void finish_blocks(std::uint32_t opcode);

  CodeReader code_;
  std::vector<Number>* numbers_;
  std::size_t depth_ = 0;  // open blocks, the body's own not counted
};

// In the alignment of a memory access: a memory's index follows.
inline constexpr std::uint32_t kHasMemoryIndex = 0x40;

// The reader of a body's instructions: reads past its local variables.
Reader instructions_of(const Module& module, std::size_t body);

}  // namespace wasmctl::wasm
