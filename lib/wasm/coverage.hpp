// Which lines of the sources ran, told by which instructions did: of the very module that ships,
// without instrumentation.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "wasm/symbols.hpp"

namespace wasmctl::wasm {

// The lines that have code, and whether some of it ran.
using LineCoverage = std::map<std::uint32_t, bool>;
// By file, as the compiler was told it.
using Coverage = std::map<std::string, LineCoverage>;

// `executed`: by offset in the module's file, not 0 where an instruction ran. What only marks the
// structure of code (`end`, `block`) counts for no line, nor does `unreachable`, which compilers
// put where nothing comes. Nor does the line on which a function begins that ran only where it was
// put in place of calls.
Coverage covered_lines(const Module& module, const Symbols& symbols,
                       std::span<const std::uint8_t> executed);

}  // namespace wasmctl::wasm
