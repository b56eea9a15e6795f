// What lint finds and a program may mend by itself: bytes that no proxy reads.
#pragma once

#include <string>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

// `module` without DWARF and the notes of compilers for linkers, and without the exports that Envoy
// has no use for. The code and the names of functions stay as they are, byte for byte.
std::string fixed(const Module& module);

}  // namespace wasmctl::wasm
