#include "cli/flags/build_flags.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>
#include <string>

#include "base/content.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "cli/first_stream.hpp"
#include "cli/flags/choice.hpp"
#include "cli/flags/key_value.hpp"
#include "cli/output/progress.hpp"
#include "plugin/build_settings.hpp"
#include "wasm/host_range.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

// What the name section costs.
std::size_t name_bytes(const std::filesystem::path& path) {
  const auto module =
      wasm::parse_module(base::read_file(path, wasm::kMaxModuleBytes), path.filename().native());
  std::size_t bytes = 0;
  for (const auto& section : module.sections) {
    if (section.name == "name") bytes += section.bytes.size();
  }
  return bytes;
}

plugin::Library parse_library(const std::string& word) {
  auto [name, tree] = parse_key_value("--library", word, "NAME=DIR");
  if (tree.empty() || !plugin::is_library_name(name)) {
    throw Error(Code::usage, fmt::format("--library {}: NAME=DIR is wanted", word));
  }
  return {name, tree, {}, {}, {}, {"--library " + word, 0, 0}};
}

}  // namespace

void add_build_flags(CLI::App& command, BuildFlags& flags) {
  // CLI11 puts it before the footer that the command itself has.
  command.footer([]() -> std::string {
    return "A directory is built, and cargo runs what its sources tell it to (build scripts,\n"
           "macros): name only those of people whom you would let run a program here.\n";
  });
  constexpr auto* kGroup = "Building a directory";
  auto& build = flags.build;
  auto& settings = build.settings;
  command.add_option("--clang", flags.clang, "The compiler: a path, or a name on PATH")
      ->type_name("CLANG++")
      ->envname("WASMCTL_CLANG")
      ->group(kGroup);
  command.add_flag("-g,--debug", build.debug, "Keep names and DWARF in the module")->group(kGroup);
  command.add_flag("--names", build.names, "Keep the functions' names in the module")
      ->group(kGroup);
  std::vector<Choice<std::string_view>> levels;
  for (const auto level : plugin::kLevels) levels.push_back({level, level});
  add_choice(command, "-O,--optimize", settings.optimize, levels,
             "Level of optimization (default: wasmctl.yaml's, or z)")
      ->group(kGroup);
  const auto list = [&](const char* name, std::vector<std::string>& words, const char* type,
                        const char* help) {
    command.add_option(name, words, help)->type_name(type)->allow_extra_args(false)->group(kGroup);
  };
  list("-D,--define", settings.defines, "NAME[=VALUE]", "Define a macro");
  list("-I,--include", settings.includes, "DIR", "Search DIR for headers");
  list("--cxxflag", settings.compile_flags, "FLAG", "Hand FLAG to the compiler");
  list("--ldflag", settings.link_flags, "FLAG", "Hand FLAG to the linker's driver");
  command
      .add_option_function<std::vector<std::string>>(
          "--library",
          [&settings](const std::vector<std::string>& words) {
            settings.libraries.clear();
            for (const auto& word : words) settings.libraries.push_back(parse_library(word));
          },
          "Compile and link a library that wasmctl knows, from its tree in DIR")
      ->type_name("NAME=DIR")
      ->allow_extra_args(false)
      ->group(kGroup);
  command.add_option("-j,--jobs", build.jobs, "Compilers at a time (default: one a processor)")
      ->type_name("N")
      ->group(kGroup);
  command.add_option("--build-dir", flags.directory, "Where objects go (default: DIR/build)")
      ->type_name("DIR")
      ->group(kGroup);
}

std::string typed_flags(const BuildFlags& flags) {
  const auto& settings = flags.build.settings;
  std::vector<std::string> words;
  const auto add = [&](const char* flag, const std::vector<std::string>& values) {
    for (const auto& value : values) {
      words.emplace_back(flag);
      words.push_back(value);
    }
  };
  if (flags.build.debug) words.emplace_back("-g");
  if (flags.build.names) words.emplace_back("--names");
  if (!settings.optimize.empty()) add("-O", {settings.optimize});
  add("-D", settings.defines);
  add("-I", settings.includes);
  for (const auto& flag : settings.compile_flags) words.push_back("--cxxflag=" + flag);
  for (const auto& flag : settings.link_flags) words.push_back("--ldflag=" + flag);
  for (const auto& library : settings.libraries) {
    words.push_back(fmt::format("--library={}={}", library.name, library.tree.native()));
  }
  return base::to_shell(words);
}

plugin::Plugin load_plugin(const std::string& directory, const BuildFlags& flags) {
  auto plugin = plugin::load(directory);
  if (!flags.directory.empty()) plugin.build_directory = flags.directory;
  return plugin;
}

namespace {

// The module does what the proxy asks of it at a first request; else throws
// Error{Code::unloadable}.
void require_first_stream(const plugin::Plugin& plugin, const std::filesystem::path& file) {
  const auto bytes = base::Content::of_file(file, wasm::kMaxModuleBytes);
  const auto failure = try_first_stream(bytes, own_configuration(plugin));
  if (!failure) return;
  const auto module = wasm::read_module(bytes, file.native());
  wasm::throw_unloadable(wasm::lint({module, wasm::Symbols(module),
                                     wasm::strictest_host(plugin.hosts), plugin.name, &*failure}),
                         plugin.name);
}

compile::LibraryProgress progress_of_libraries(Context& context) {
  if (context.quiet) return {};
  return [&context](const std::string& library, std::size_t done, std::size_t all) {
    show_compiled(context.err, context.columns, library, done, all);
  };
}

}  // namespace

compile::ToolchainSearch toolchain_search(Context& context, const BuildFlags& flags) {
  compile::ToolchainSearch search;
  if (!flags.clang.empty()) search.clang = flags.clang;
  search.wasi_sdk = context.env("WASI_SDK_PATH");
  search.path = env_or(context, "PATH", "");
  search.rustc = context.env("RUSTC");
  search.cargo_home = context.env("CARGO_HOME");
  if (const auto home = context.env("HOME"); home && !search.cargo_home) {
    search.cargo_home = *home + "/.cargo";
  }
  return search;
}

compile::Result build_plugin(Context& context, const plugin::Plugin& plugin,
                             const BuildFlags& flags) {
  auto options = flags.build;
  options.typed = typed_flags(flags);
  options.color = context.color;
  options.cache = cache_directory(context);
  options.library_progress = progress_of_libraries(context);
  const auto result = compile::build(plugin, toolchain_search(context, flags), options);
  if (!context.quiet) {
    context.err.relay(result.warnings);
    const auto names = options.names ? name_bytes(result.module) : 0;
    context.err.print("{}: {} bytes{}\n", plugin.name, std::filesystem::file_size(result.module),
                      names == 0 ? "" : fmt::format(", {} of them names", names));
  }
  if (options.lint) require_first_stream(plugin, result.module);
  return result;
}

}  // namespace wasmctl::cli
