// wasmctl build: compile a plugin to Wasm.
#include <CLI/CLI.hpp>

#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/flags/build_flags.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

struct BuildOptions {
  std::string directory = ".";
  std::string output;
  BuildFlags flags;
};

void run_build(Context& context, const BuildOptions& options) {
  const auto plugin = load_plugin(options.directory, options.flags);
  auto module = build_plugin(context, plugin, options.flags).module;
  if (!options.output.empty()) {
    base::write_file_if_changed(options.output, base::read_file(module, wasm::kMaxModuleBytes));
    module = options.output;
  }
  context.out.print("{}\n", module.native());
}

}  // namespace

void add_build(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<BuildOptions>();
  auto* app = root.add_subcommand("build", "Compile a plugin to Wasm; print the module's path");
  app->add_option("DIR", options->directory, "The plugin's directory (default: .)")->type_name("");
  app->add_option("-o,--output", options->output,
                  "Where the module goes "
                  "(default: DIR/build/NAME.wasm)")
      ->type_name("FILE");
  app->add_flag_callback(
      "--no-lint", [options] { options->flags.build.lint = false; },
      "Hand out the module even if Envoy would refuse it");
  add_build_flags(*app, options->flags);
  app->footer(
      "What the plugin always needs is said once, in its wasmctl.yaml: defines, includes,\n"
      "optimize, std, cxxflags, ldflags.\n"
      "Example:\n"
      "  wasmctl build plugins/header-logger -o header-logger.wasm");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_build(context, *options); };
  });
}

}  // namespace wasmctl::cli
