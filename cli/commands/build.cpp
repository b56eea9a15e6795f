// wasmctl build: compile a plugin to Wasm.
#include "cli/commands/build.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/flags/choice.hpp"
#include "cli/flags/source.hpp"
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

struct BuildCommand {
  std::string directory = ".";
  std::string output;
  BuildOptions build;
};

void run_build(Context& context, const BuildCommand& command) {
  const auto plugin = plugin::load(command.directory);
  auto module = build_plugin(context, plugin, command.build);
  if (!command.output.empty()) {
    base::write_file_if_changed(command.output, base::read_file(module, wasm::kMaxModuleBytes));
    module = command.output;
  }
  context.out << module.native() << '\n';
}

}  // namespace

void add_build_options(CLI::App& command, BuildOptions& options) {
  auto& build = options.build;
  command.add_option("--clang", options.clang, "The compiler: a path, or a name on PATH")
      ->type_name("CLANG++")
      ->envname("WASMCTL_CLANG");
  command.add_flag("-g,--debug", build.debug, "Keep names and DWARF in the module");
  command.add_flag("--names", build.names, "Keep the functions' names in the module");
  constexpr Choice<const char*> kLevels[] = {{"0", "0"}, {"1", "1"}, {"2", "2"},
                                             {"3", "3"}, {"s", "s"}, {"z", "z"}};
  add_choice(command, "-O,--optimize", build.optimize, kLevels, "Level of optimization")
      ->default_str(build.optimize);
  const auto list = [&](const char* name, std::vector<std::string>& words, const char* type,
                        const char* help) {
    command.add_option(name, words, help)->type_name(type)->allow_extra_args(false);
  };
  list("-D,--define", build.defines, "NAME[=VALUE]", "Define a macro");
  list("-I,--include", build.includes, "DIR", "Search DIR for headers");
  list("--cxxflag", build.compile_flags, "FLAG", "Hand FLAG to the compiler");
  list("--ldflag", build.link_flags, "FLAG", "Hand FLAG to the linker's driver");
  command.add_option("-j,--jobs", build.jobs, "Compilers at a time (default: one a processor)")
      ->type_name("N");
  command.add_option("--build-dir", build.directory, "Where objects go (default: DIR/build)")
      ->type_name("DIR");
  command.add_flag_callback(
      "--no-lint", [&build] { build.lint = false; },
      "Hand out the module even if Envoy would refuse it");
}

std::filesystem::path build_plugin(Context& context, const plugin::Plugin& plugin,
                                   const BuildOptions& options) {
  compile::ToolchainSearch search;
  if (!options.clang.empty()) search.clang = options.clang;
  search.wasi_sdk = context.env("WASI_SDK_PATH");
  search.path = env_or(context, "PATH", "");
  auto build_options = options.build;
  build_options.color = context.color;
  build_options.cache = cache_directory(context);
  const auto result = compile::build(plugin, compile::find_toolchain(search), build_options);
  if (!context.quiet) {
    context.err << result.warnings;
    const auto names = options.build.names ? name_bytes(result.module) : 0;
    context.err << fmt::format("{}: {} bytes{}\n", plugin.name,
                               std::filesystem::file_size(result.module),
                               names == 0 ? "" : fmt::format(", {} of them names", names));
  }
  return result.module;
}

void add_build(CLI::App& root, Context& context, Action& action) {
  auto command = std::make_shared<BuildCommand>();
  auto* app = root.add_subcommand("build", "Compile a plugin to Wasm; print the module's path");
  app->add_option("DIR", command->directory, "The plugin's directory (default: .)")->type_name("");
  app->add_option("-o,--output", command->output,
                  "Where the module goes "
                  "(default: DIR/build/NAME.wasm)")
      ->type_name("FILE");
  add_build_options(*app, command->build);
  app->footer(
      "Example:\n"
      "  wasmctl build plugins/header-logger -o header-logger.wasm");
  app->callback([command, &context, &action] {
    action = [command, &context] { run_build(context, *command); };
  });
}

}  // namespace wasmctl::cli
