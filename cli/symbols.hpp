// Where the names and lines of a module come from: the module, or the side file that the build left
// beside it.
#pragma once

#include <string>

#include "wasm/symbols.hpp"

namespace wasmctl::cli {

// The symbols of the module read from `path`. A side file that does not exist, cannot be read or
// belongs to another build adds nothing. `module` must outlive the result.
wasm::Symbols load_symbols(const wasm::Module& module, const std::string& path);

}  // namespace wasmctl::cli
