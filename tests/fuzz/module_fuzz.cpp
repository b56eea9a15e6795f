// Any bytes as a module: read, validated, linted, stripped, or refused with an Error.
#include "base/error.hpp"
#include "wasm/lint.hpp"
#include "wasm/module.hpp"
#include "wasm/pack.hpp"

namespace {

// What was valid stays so.
void check_packed(const std::string& bytes) {
  try {
    wasmctl::wasm::read_module(bytes, "m");
  } catch (const wasmctl::Error&) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace wasmctl;  // NOLINT(google-build-using-namespace)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto module = wasm::parse_module(bytes, "m");
    wasm::function_names(module, bytes);
    const auto same = wasm::without_custom_sections(module, bytes, [](auto) { return false; });
    if (same != bytes) __builtin_trap();
    wasm::read_module(bytes, "m");
    check_packed(wasm::without_zero_data(module, bytes));
    wasm::require_loadable(bytes, "m");
  } catch (const Error&) {
  }
  return 0;
}
