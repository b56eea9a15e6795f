// The first eight bytes of a module, and what a file is that does not begin with them.
// Source: WebAssembly Core Specification, 5.5.16; Component Model, Binary.md.
#pragma once

#include <string_view>

#include "wasm/reader.hpp"

namespace wasmctl::wasm {

// Reads past the header of `bytes`, at which `reader` is. Throws Error{Code::bad_input}, which
// tells something else by what it is (gzip, ELF, a component, ...).
void check_header(Reader& reader, std::string_view bytes);

}  // namespace wasmctl::wasm
