#include "cli/symbols.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/content.hpp"
#include "base/error.hpp"
#include "base/log.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

// The file beside the module that a relative URL names; empty for one that leads elsewhere.
fs::path file_beside(const std::string& module, const std::string& url) {
  const fs::path relative = wasm::path_of_url(url);
  const bool leads_up = std::ranges::find(relative, "..") != relative.end();
  if (relative.empty() || relative.is_absolute() || leads_up) return {};
  return fs::path(module).parent_path() / relative;
}

wasm::SourceMap load_source_map(const wasm::Module& module, const std::string& path) {
  const auto url = wasm::source_mapping_url(module);
  if (!url) return {};
  if (const auto data = wasm::data_of_url(*url)) return wasm::SourceMap(*data);
  const auto file = file_beside(path, *url);
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return {};
  try {
    return wasm::SourceMap(base::Content::of_file(file, wasm::kMaxModuleBytes));
  } catch (const Error&) {
    return {};
  }
}

wasm::Symbols own_symbols(const wasm::Module& module, const std::string& path) {
  wasm::Symbols symbols(module);
  symbols.add_source_map(load_source_map(module, path));
  return symbols;
}

}  // namespace

std::optional<wasm::Module> load_side(const wasm::Module& module, const std::string& path) {
  const auto file = wasm::side_file(path);
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
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
  const auto side = wasm::side_file(path);
  std::error_code ignored;
  if (!fs::exists(side, ignored)) return own_symbols(module, path);
  try {
    auto bytes = base::Content::of_file(side, wasm::kMaxModuleBytes);
    return {module, wasm::parse_module(std::move(bytes), side.native()), side.native()};
  } catch (const Error& error) {
    base::log_warning(fmt::format("{}: its names and lines are not used", error.message()));
    return own_symbols(module, path);
  }
}

}  // namespace wasmctl::cli
