// Which calls a compiler put in place of at an instruction: the tree of functions in a module's
// DWARF, versions 2 to 5. A line table knows the innermost line alone, often one of a library.
// Source: DWARF Debugging Information Format 5, 3.3.8 (concrete inlined instances) and 7.5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/line_table.hpp"
#include "wasm/module.hpp"

namespace wasmctl::wasm {

struct InlinedCall {
  std::string function;  // "std::__2::vector::at", or "at" where no more is known
  Place from;            // where it is called; line 0 where that is not known
};

struct FunctionName {
  std::string function;  // as in InlinedCall; empty where it is not known
  Place defined;         // line 0 where that is not known
};

// A function of the sources in the code: one that has a body, or what was put in the place of a
// call of it.
struct PlacedFunction {
  static constexpr std::uint32_t kNone = UINT32_MAX;
  std::uint32_t outer = kNone;  // in the list: in which it was called
  FunctionName name;
};

struct PlacedFunctions {
  std::vector<PlacedFunction> functions;  // each once in another
  // By offset in the file: the innermost function there, or kNone.
  std::vector<std::uint32_t> at;
};

class InlinedCalls {
 public:
  struct Sections {
    std::string_view info;
    std::string_view abbreviations;
    std::string_view strings;
    std::string_view line_strings;
    std::string_view string_offsets;
    std::string_view addresses;
    std::string_view ranges;
    std::string_view range_lists;
  };
  struct Unit {
    std::size_t begin = 0;  // in .debug_info: of its header, which references count from
    std::size_t entries = 0;
    std::size_t end = 0;
    std::uint64_t version = 0;
    std::uint64_t abbreviations = 0;
    std::size_t address_size = 0;
  };

  InlinedCalls() = default;

  // The module's bytes must outlive the object. Broken information ends the list there and is no
  // error.
  explicit InlinedCalls(const Module& module);

  // Those that the instruction at `offset` in the module's file came from, outermost first. `lines`
  // is of the same module. Reads the unit of the instruction's function from end to end.
  std::vector<InlinedCall> at(std::size_t offset, const LineTable& lines) const;

  // The same of all code of a file of `size` bytes, in one pass over all units.
  PlacedFunctions functions(const LineTable& lines, std::size_t size) const;

 private:
  std::size_t code_ = 0;  // the file offset of address 0
  Sections sections_;
  std::vector<Unit> units_;
};

}  // namespace wasmctl::wasm
