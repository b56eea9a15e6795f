// The page of `wasmctl inspect --html`: inspect.html beside it, embedded at build time, with the module's
// sizes in the place of @DATA@.
#pragma once

#include <string>
#include <string_view>

#include "wasm/size_tree.hpp"

namespace wasmctl::cli {

std::string inspect_page(std::string_view file, const wasm::SizeNode& tree);

}  // namespace wasmctl::cli
