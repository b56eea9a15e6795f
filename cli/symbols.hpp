// Where the names and lines of a module come from: the module, or the side file that the build left
// beside it.
#pragma once

#include <optional>
#include <string>

#include "wasm/symbols.hpp"

namespace wasmctl::cli {

// The side file of the module read from `path`, if it is there and belongs to this build.
std::optional<wasm::Module> load_side(const wasm::Module& module, const std::string& path);

// The symbols of the module read from `path`. A side file that does not exist, cannot be read or
// belongs to another build adds nothing. `module` must outlive the result.
wasm::Symbols load_symbols(const wasm::Module& module, const std::string& path);

}  // namespace wasmctl::cli
