#include "cli/known_module.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/content.hpp"
#include "base/error.hpp"
#include "cli/symbols.hpp"
#include "compile/build.hpp"
#include "plugin/plugin.hpp"
#include "wasm/pack.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

fs::path built_module(const std::string& directory) {
  try {
    return plugin::module_path(plugin::load(directory));
  } catch (Error& error) {
    throw error.hint("or give the module that the proxy runs: `--module FILE`");
  }
}

// What `wasmctl build` made of a plugin's directory.
std::string module_of(const std::string& argument) {
  std::error_code ignored;
  if (!fs::is_directory(argument, ignored)) return argument;
  const auto module = built_module(argument);
  if (!fs::exists(module, ignored)) {
    throw Error(Code::not_found,
                fmt::format("`{}` has not been built: there is no {}", argument, module.native()))
        .hint("give the module that the proxy runs, its NAME.debug.wasm, or build the plugin");
  }
  return module.native();
}

}  // namespace

std::unique_ptr<KnownModule> load_known_module(const std::string& argument) {
  const auto path = module_of(argument);
  auto known = std::make_unique<KnownModule>();
  known->path = path;
  known->module = wasm::read_module(base::Content::of_file(path, wasm::kMaxModuleBytes), path);
  const auto id = wasm::carried_build_id(known->module);
  if (!id || *id == wasm::build_id(known->module)) {
    known->symbols = std::make_unique<const wasm::Symbols>(load_symbols(known->module, path));
    return known;
  }
  // A side file alone: the proxy had what the build made of it.
  auto side = std::move(known->module);
  known->module = wasm::read_module(wasm::shipped(side, wasm::Names::none), path);
  known->symbols = std::make_unique<const wasm::Symbols>(known->module, std::move(side), path);
  return known;
}

}  // namespace wasmctl::cli
