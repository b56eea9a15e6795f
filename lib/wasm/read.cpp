#include <fmt/format.h>

#include "base/error.hpp"
#include "wasm/module.hpp"
#include "wasm/validate/validate.hpp"

namespace wasmctl::wasm {

Module read_module(base::Content bytes, std::string_view file) {
  auto module = parse_module(std::move(bytes), file);
  try {
    module.features.add(validate(module));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: invalid Wasm: {}", file, error.message()));
  }
  return module;
}

}  // namespace wasmctl::wasm
