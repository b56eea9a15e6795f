#include "compile/builders.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "compile/descriptions.hpp"
#include "wasm/host_range.hpp"
#include "wasm/lint/fix.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"
#include "wasm/pack.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::compile {

namespace {

// Without `.`, `..` and a slash at the end.
fs::path plain(const fs::path& directory) {
  auto path = fs::absolute(directory).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

// What goes to the proxy.
base::Content shipped_part(const wasm::Module& linked, const Options& options, Exports exports) {
  if (options.debug) return linked.bytes;
  auto shipped = wasm::shipped(linked, options.names ? wasm::Names::kept : wasm::Names::none);
  if (exports == Exports::kept) return shipped;
  return wasm::fixed(wasm::parse_module(std::move(shipped), "the module"));
}

void check(const wasm::Module& module, const std::string& side, const fs::path& side_file,
           const plugin::Plugin& plugin, const Explain& explain) {
  const auto& side_name = side_file.native();
  const wasm::Symbols symbols(module, wasm::parse_module(side, side_name), side_name);
  auto findings = wasm::lint({module, symbols, wasm::strictest_host(plugin.hosts), plugin.name});
  if (explain) explain(findings);
  wasm::throw_unloadable(findings, plugin.name);
}

void require_no_settings(const Options& options, std::string_view plugin, std::string_view advice) {
  const auto& settings = options.settings;
  const bool none = settings.defines.empty() && settings.includes.empty() &&
                    settings.optimize.empty() && settings.compile_flags.empty() &&
                    settings.link_flags.empty() && settings.libraries.empty();
  if (none) return;
  throw Error(
      Code::usage,
      fmt::format(
          "-D, -I, -O, --cxxflag, --ldflag and --library are for C and C++, which {} is not",
          plugin))
      .hint(std::string(advice));
}

}  // namespace

plugin::BuildSettings settings_of(const plugin::Plugin& plugin, const Options& options) {
  auto flags = options.settings;
  for (auto& include : flags.includes) include = fs::absolute(include).native();
  for (auto& library : flags.libraries) library.tree = fs::absolute(library.tree);
  auto settings = plugin::join(plugin.build, flags);
  if (settings.optimize.empty()) settings.optimize = "z";
  return settings;
}

Paths paths_of(const plugin::Plugin& plugin, const Options& options) {
  Paths paths;
  paths.plugin = plain(plugin.directory);
  paths.build = plain(plugin.build_directory);
  paths.objects = paths.build / (options.debug ? "obj-g" : "obj");
  paths.others = paths.build / (options.debug ? "obj" : "obj-g");
  paths.module = paths.build / plugin::module_path(plugin).filename();
  return paths;
}

void make_directories(const Paths& paths, const std::vector<fs::path>& more) {
  const bool named = paths.build != paths.plugin / "build";
  const auto& top = named ? paths.build : paths.plugin;
  const auto make = [&](const fs::path& directory) {
    base::make_directories_below(top, directory.lexically_relative(top));
  };
  try {
    make(paths.objects);
    for (const auto& directory : more) make(directory);
  } catch (Error& error) {
    throw error.hint("--build-dir names another place for what is built");
  }
}

fs::path lock_file(const Paths& paths) {
  auto file = paths.objects / "lock";
  std::error_code ignored;
  if (fs::is_symlink(file, ignored)) fs::remove(file, ignored);
  return file;
}

std::string lost_flags(const Paths& paths, const State& state, const Options& options) {
  if (!options.typed.empty()) return {};
  if (state.made(paths.module)) return state.flags;
  const auto other = load_state(paths.others / paths.state().filename(), Directory::plugins);
  return other.made(paths.module) ? other.flags : std::string();
}

std::string shipping_key(const plugin::Plugin& plugin, const Options& options) {
  const auto* const host = wasm::strictest_host(plugin.hosts);
  return std::string(options.lint ? "" : "\nno lint") + (options.names ? "\nnames" : "") +
         (host != nullptr ? fmt::format("\nfor {}", host->name) : "");
}

void ship(const fs::path& linked, const fs::path& module, const plugin::Plugin& plugin,
          const Options& options, Exports exports, const Explain& explain) {
  const auto name = module.filename().native();
  const auto whole = wasm::parse_module(base::read_file(linked, wasm::kMaxModuleBytes), name);
  const auto shipped = wasm::read_module(shipped_part(whole, options, exports), name);
  const auto side = wasm::make_side_file(shipped, whole.bytes);
  const auto side_file = wasm::side_file(module);
  if (options.lint) check(shipped, side, side_file, plugin, explain);
  write_descriptions(whole, module);
  base::replace_file(side_file, side);
  base::replace_file(module, shipped.bytes);
}

Result build_by(const plugin::Plugin& plugin, const Options& options, std::string_view advice,
                const std::function<Linked(const Paths&)>& link) {
  require_no_settings(options, plugin.name, advice);
  const auto paths = paths_of(plugin, options);
  make_directories(paths);
  const base::FileLock lock(lock_file(paths));
  auto state = load_state(paths.state(), Directory::plugins);
  Result result;
  result.module = paths.module;
  auto linked = link(paths);
  result.warnings = std::move(linked.warnings);
  // Go gives a module the present time also where it did not change.
  const auto key = base::sha256_hex(base::read_file(linked.module, wasm::kMaxModuleBytes)) +
                   shipping_key(plugin, options);
  if (state.is_fresh(paths.module, key)) return result;
  result.compiled = 1;
  result.lost_flags = lost_flags(paths, state, options);
  ship(linked.module, paths.module, plugin, options, Exports::dropped, {});
  state.record(paths.module, key, {}, file_clock_now());
  state.flags = options.typed;
  save_state(paths.state(), state);
  return result;
}

}  // namespace wasmctl::compile
