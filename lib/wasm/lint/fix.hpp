// What lint finds and a program may mend by itself: bytes that no proxy reads.
#pragma once

#include <optional>
#include <string>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

// `module` without DWARF and the notes of compilers for linkers, without the exports that Envoy has
// no use for, and without a name section that it cannot read. The code and the names of functions
// stay as they are, byte for byte, but may move in the file.
std::string fixed(const Module& module);

// What finds the lines of `mended`, which is fixed(original): the original as it was, or its own
// side file (null if it has none), as a side file of `mended`. Nothing if no lines would be lost.
std::optional<std::string> side_file_of(const Module& mended, const Module& original,
                                        const Module* side);

}  // namespace wasmctl::wasm
