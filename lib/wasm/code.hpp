// Function bodies, read instruction by instruction: who calls whom, and which proposals are used.
// Types are not checked here; validate() does that.
// Source: WebAssembly Core Specification 3.0, 5.4 (instructions); the legacy exceptions proposal;
// the threads and wide arithmetic proposals.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "wasm/features.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

struct Module;

namespace opcode {
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
inline constexpr std::uint32_t kReturnCall = 0x12;
inline constexpr std::uint32_t kDelegate = 0x18;
inline constexpr std::uint32_t kCatchAll = 0x19;
inline constexpr std::uint32_t kTryTable = 0x1f;
}  // namespace opcode

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
  void immediates(Instruction& instruction);
  void try_table();
  void finish_blocks(std::uint32_t opcode);

  Reader code_;
  std::vector<Number>* numbers_;
  FeatureSet features_;
  std::size_t depth_ = 0;  // open blocks, the body's own not counted
};

// The reader of a body's instructions: reads past its local variables.
Reader instructions_of(const Module& module, std::size_t body);

struct Call {
  std::uint32_t callee = 0;  // in the function index space, imports first
  std::size_t offset = 0;    // of the call, in the file
};

// The direct calls of all function bodies.
class CallGraph {
 public:
  // Of the n-th defined function, in order.
  std::span<const Call> calls_of(std::size_t body) const {
    return std::span(calls_).subspan(first_[body], first_[body + 1] - first_[body]);
  }
  std::size_t bodies() const { return first_.empty() ? 0 : first_.size() - 1; }
  FeatureSet features() const { return features_; }

 private:
  friend CallGraph read_calls(const Module& module);
  std::vector<Call> calls_;
  std::vector<std::size_t> first_;  // body -> its first call in calls_; one more at the end
  FeatureSet features_;
};

// Reads all bodies of `module`. Throws Error{Code::bad_input}.
CallGraph read_calls(const Module& module);

}  // namespace wasmctl::wasm
