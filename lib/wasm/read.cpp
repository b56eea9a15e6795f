#include <fmt/format.h>

#include "base/error.hpp"
#include "wasm/module.hpp"
#include "wasm/validate/validate.hpp"

namespace wasmctl::wasm {

Module read_module(std::string_view bytes, std::string_view file) {
  auto module = parse_module(bytes, file);
  try {
    module.features.add(validate(module, bytes));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: invalid Wasm: {}", file, error.message()));
  }
  return module;
}

}  // namespace wasmctl::wasm
