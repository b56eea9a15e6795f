// A module that a proxy ran, with its symbols, for the back-traces in logs.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wasm/backtrace.hpp"
#include "wasm/module.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::cli {

// Never moved: the symbols refer to the module.
struct KnownModule {
  std::string path;
  wasm::Module module;  // as it was shipped
  std::unique_ptr<const wasm::Symbols> symbols;
};

// Of a module, of its side file alone, or of what `wasmctl build` made of a plugin's directory.
// Throws Error{Code::not_found} where the directory has not been built.
std::unique_ptr<KnownModule> load_known_module(const std::string& argument);

}  // namespace wasmctl::cli
