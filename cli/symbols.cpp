#include "cli/symbols.hpp"

#include <filesystem>

#include "base/content.hpp"
#include "base/error.hpp"

namespace wasmctl::cli {

wasm::Symbols load_symbols(const wasm::Module& module, const std::string& path) {
  const auto side = wasm::side_file(path);
  std::error_code ignored;
  if (std::filesystem::exists(side, ignored)) {
    try {
      auto bytes = base::Content::of_file(side, wasm::kMaxModuleBytes);
      return {module, wasm::parse_module(std::move(bytes), side.native()), side.native()};
    } catch (const Error&) {  // not ours: the module's own symbols do
      return wasm::Symbols(module);
    }
  }
  return wasm::Symbols(module);
}

}  // namespace wasmctl::cli
