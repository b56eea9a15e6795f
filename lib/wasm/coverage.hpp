// Which lines and functions of a plugin's sources its tests ran, told by which instructions did: of
// the very module that ships, without instrumentation.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "wasm/symbols.hpp"

namespace wasmctl::wasm {

// The lines that have code, and whether some of it ran.
using LineCoverage = std::map<std::uint32_t, bool>;
// The functions that have code, by the line where they are defined and their names, and whether
// some of it ran: that of their own, or where they were put in the place of calls.
using FunctionCoverage = std::map<std::pair<std::uint32_t, std::string>, bool>;

struct FileCoverage {
  LineCoverage lines;
  FunctionCoverage functions;
};

// By file, as the compiler was told it.
using Coverage = std::map<std::string, FileCoverage>;

// `executed`: by offset in the module's file, not 0 where an instruction ran. What only marks the
// structure of code (`end`, `block`) counts for no line, nor does `unreachable`, which compilers
// put where nothing comes.
Coverage covered(const Module& module, const Symbols& symbols,
                 std::span<const std::uint8_t> executed);

}  // namespace wasmctl::wasm
