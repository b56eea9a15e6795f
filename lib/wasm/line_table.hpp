// From an address in a module's code to file and line: the line number program of its DWARF,
// versions 2 to 5.
// Source: DWARF Debugging Information Format 5, 6.2 (line number information) and 7.22; "DWARF for
// WebAssembly": an address is an offset from the beginning of the code section's content.
// Debian's libdwarf could be handed the sections (dwarf_object_init_b), but is of 2021, and not
// made for hostile input; LLVM's reader is 100 MB.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/place.hpp"
#include "wasm/module.hpp"

namespace wasmctl::wasm {

class LineTable {
 public:
  LineTable() = default;

  // Broken line information ends the table there and is no error: hosts do not read it at all.
  explicit LineTable(const Module& module);

  bool empty() const { return rows_.empty(); }

  // Of the instruction at `offset` in the module's file: file and line, the file as the compiler
  // was told it, directories included where it says them.
  std::optional<Place> find(std::size_t offset) const;

  // What `number` stands for in the unit at this offset of .debug_line; empty if nothing.
  std::string_view file(std::uint64_t unit, std::uint64_t number) const;

 private:
  friend class LineProgram;
  struct Row {
    std::uint32_t address;
    std::uint32_t file;  // in files_; kNoFile where a sequence ends
    std::uint32_t line;
  };
  struct Files {
    std::size_t first = 0;  // in files_
    std::size_t count = 0;
  };
  static constexpr std::uint32_t kNoFile = UINT32_MAX;

  std::size_t code_ = 0;  // the file offset of address 0
  std::vector<std::string> files_;
  std::map<std::uint64_t, Files> units_;  // by their offsets in .debug_line
  std::vector<Row> rows_;                 // by address
};

}  // namespace wasmctl::wasm
