#include "cli/symbols.hpp"

#include <filesystem>

#include "base/error.hpp"
#include "base/files.hpp"

namespace wasmctl::cli {

wasm::Symbols load_symbols(const wasm::Module& module, std::string_view bytes,
                           const std::string& path) {
  const auto side = wasm::side_file(path);
  std::error_code ignored;
  if (std::filesystem::exists(side, ignored)) {
    try {
      return {module, bytes, base::read_file(side, wasm::kMaxModuleBytes), side.native()};
    } catch (const Error&) {  // not ours: the module's own symbols do
      return {module, bytes};
    }
  }
  return {module, bytes};
}

}  // namespace wasmctl::cli
