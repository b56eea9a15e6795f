// Imports that no proxy offers, told by the toolchain that made them: they come in dozens, and what
// helps is another way to build the module, not a name that is spelled otherwise.
#pragma once

#include <span>
#include <string_view>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

struct ImportFamily {
  std::string_view target;  // what the module is built for: "a JavaScript host (GOOS=js)"
  std::string_view remedy;  // a hint
  bool (*has)(const Module& module, const Import& import);
};

// The first that has an import is its family.
std::span<const ImportFamily> import_families();

}  // namespace wasmctl::wasm
