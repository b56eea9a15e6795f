#include "cli/symbols.hpp"

#include <filesystem>

#include "base/content.hpp"
#include "base/error.hpp"

namespace wasmctl::cli {

std::optional<wasm::Module> load_side(const wasm::Module& module, const std::string& path) {
  const auto file = wasm::side_file(path);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  try {
    auto side =
        wasm::parse_module(base::Content::of_file(file, wasm::kMaxModuleBytes), file.native());
    if (wasm::carried_build_id(side) != wasm::build_id(module)) return std::nullopt;
    return side;
  } catch (const Error&) {
    return std::nullopt;
  }
}

wasm::Symbols load_symbols(const wasm::Module& module, const std::string& path) {
  if (auto side = load_side(module, path)) return {module, std::move(*side), path};
  return wasm::Symbols(module);
}

}  // namespace wasmctl::cli
