// Whether a module is valid: every function body type-checks, every index exists. What is needed
// besides to run the code where it stands is found in the same walk, if it is wanted.
// Source: WebAssembly Core Specification 3.0, 3.4 and 3.5, with its algorithm of appendix A.3; the
// threads, legacy exceptions and wide arithmetic proposals.
#pragma once

#include <cstdint>
#include <vector>

#include "wasm/features.hpp"
#include "wasm/module.hpp"

namespace wasmctl::wasm {

// Where the code of a function goes on when it does not go on with the next instruction (B. L.
// Titzer, "A fast in-place interpreter for WebAssembly", OOPSLA 2022). Offsets are in the file.
//
// An interpreter keeps the index of the next entry beside its place in the code. Each of these
// instructions has one entry, in the order of the code: br, br_if, br_on_*, if (where it is false),
// else, catch and catch_all (where the block before them ends), try_table (the first instruction in
// it, behind the entries of its clauses), rethrow. br_table has one for each label and the default.
struct Branch {
  std::uint32_t target = 0;  // offset of the next instruction
  std::uint32_t entry = 0;   // index of the next entry from there
  std::uint32_t values = 0;  // that go along from the top of the stack; of a rethrow: its slot
  std::uint32_t height = 0;  // of the stack of operands, below them
};

enum class HandlerKind : std::uint8_t {
  tag,      // exceptions of its tag
  tag_ref,  // the same; a reference to the exception is the last value
  all,      // all exceptions, without values
  all_ref,  // all exceptions, with a reference
  delegate  // all exceptions: they are thrown again at another place
};

// What catches an exception that is thrown at an offset from `begin` up to, not including, `end`.
struct Handler {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  HandlerKind kind = HandlerKind::tag;
  std::uint32_t tag = 0;
  // The index of its Branch, whose values are not counted: they come with the exception. Of a
  // delegate: the offset at which the exception counts as thrown, for the handlers after this one.
  std::uint32_t branch = 0;
  // Of a catch in the legacy form: where a rethrow will find the exception; else kNoSlot.
  std::uint32_t slot = 0;
  static constexpr std::uint32_t kNoSlot = UINT32_MAX;
};

struct ControlTable {
  std::vector<Branch> branches;
  std::vector<Handler> handlers;   // the first one that fits is the innermost
  std::uint32_t operands = 0;      // that the stack may hold at most
  std::uint32_t locals = 0;        // parameters included
  std::uint32_t caught_slots = 0;  // for rethrow
  bool has_vectors = false;        // whether the stack may hold any
  std::uint32_t code = 0;          // offset of the first instruction
};

// Validates `module` and gives the proposals that its bodies use. If
// `tables` is given, it gets one table for each body. Throws Error{Code::bad_input}:
//     function 7 (`ns::f`): i32.add: expected i32, found i64 (offset 0x1a4)
// Memory: in proportion to the largest body's nesting and operands, and to the tables.
FeatureSet validate(const Module& module, std::vector<ControlTable>* tables = nullptr);

}  // namespace wasmctl::wasm
