// Where the names and lines of a module come from: the module, the side file that the build left
// beside it, or the source map that it names.
#pragma once

#include <optional>
#include <string>

#include "wasm/symbols.hpp"

namespace wasmctl::cli {

// The side file of the module read from `path`, if it is there and belongs to this build.
std::optional<wasm::Module> load_side(const wasm::Module& module, const std::string& path);

// The symbols of the module read from `path`. A side file that cannot be read or belongs to another
// build adds nothing but a warning; a source map that cannot be used, nothing at all: it is another
// tool's. `module` must outlive the result.
wasm::Symbols load_symbols(const wasm::Module& module, const std::string& path);

}  // namespace wasmctl::cli
