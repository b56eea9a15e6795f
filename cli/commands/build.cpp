// wasmctl build: compile a plugin to Wasm.
#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <utility>

#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/flags/build_flags.hpp"
#include "cli/flags/watched.hpp"
#include "cli/output/standard_output.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

struct BuildOptions {
  std::string directory = ".";
  std::string output;
  bool watch = false;
  BuildFlags flags;
};

// Where the module is in the end.
std::string build(Context& context, const plugin::Plugin& plugin, const BuildOptions& options) {
  const auto module = build_plugin(context, plugin, options.flags).module;
  if (options.output.empty()) return module.native();
  base::write_file_if_changed(options.output, base::read_file(module, wasm::kMaxModuleBytes));
  return options.output;
}

// A line for each module that is another than the one before.
void build_and_watch(Context& context, const BuildOptions& options) {
  std::optional<std::string> last;
  const auto inputs = [&] {
    base::Watched watched;
    add_watched_directory(watched, options.directory, options.flags);
    if (!options.output.empty()) watched.except.emplace_back(options.output);
    return watched;
  };
  work_and_watch(context, inputs, [&](const base::StopSignals& /*stop*/) {
    const auto path = build(context, load_plugin(options.directory, options.flags), options);
    auto module = base::read_file(path, wasm::kMaxModuleBytes);
    if (module == last) return;
    last = std::move(module);
    context.out.print("{}\n", path);
  });
}

// The module itself, in place of its path.
void build_to_stdout(Context& context, const BuildOptions& options) {
  const auto plugin = load_plugin(options.directory, options.flags);
  const auto module = build_plugin(context, plugin, options.flags).module;
  context.out.flush();
  base::AtomicFile file("/dev/stdout");
  file.write(base::read_file(module, wasm::kMaxModuleBytes));
  file.commit();
}

void run_build(Context& context, const BuildOptions& options) {
  if (options.watch) require_file("--output", options.output);
  if (is_standard_output(options.output)) return build_to_stdout(context, options);
  if (options.watch) build_and_watch(context, options);
  const auto plugin = load_plugin(options.directory, options.flags);
  context.out.print("{}\n", build(context, plugin, options));
}

}  // namespace

void add_build(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<BuildOptions>();
  auto* app = root.add_subcommand("build", "Compile a plugin to Wasm; print the module's path");
  app->add_option("DIR", options->directory, "The plugin's directory (default: .)")->type_name("");
  app->add_option("-o,--output", options->output,
                  "Where the module goes, or `-` for stdout (default: DIR/build/NAME.wasm)")
      ->type_name("FILE");
  app->add_flag(
      "--watch", options->watch,
      "Build again whenever something changes, until Ctrl-C; print the path of each module that "
      "is another");
  app->add_flag_callback(
      "--no-lint", [options] { options->flags.build.lint = false; },
      "Hand out the module even if Envoy would refuse it");
  add_build_flags(*app, options->flags);
  app->footer(
      "What the plugin always needs is said once, in its wasmctl.yaml: defines,\n"
      "includes, optimize, std, cxxflags, ldflags, libraries.\n"
      "\n"
      "Examples:\n"
      "  wasmctl build plugins/header-logger -o header-logger.wasm");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_build(context, *options); };
  });
}

}  // namespace wasmctl::cli
