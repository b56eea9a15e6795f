// Any bytes as a module: read, validated, linted, stripped, or refused with an Error.
#include "base/error.hpp"
#include "wasm/lint.hpp"
#include "wasm/module.hpp"
#include "wasm/pack.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace wasmctl;  // NOLINT(google-build-using-namespace)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto module = wasm::parse_module(bytes, "m");
    wasm::function_names(module, bytes);
    const auto same = wasm::without_custom_sections(module, bytes, [](auto) { return false; });
    if (same != bytes) __builtin_trap();
    wasm::read_module(bytes, "m");
    const auto packed = wasm::without_zero_data(module, bytes);
    wasm::read_module(packed, "m");  // what was valid stays so
    wasm::require_loadable(bytes, "m");
  } catch (const Error&) {
  }
  return 0;
}
