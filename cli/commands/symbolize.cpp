// wasmctl symbolize: turns the Wasm back-traces in a proxy's log into functions, files and lines.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <fstream>
#include <istream>
#include <memory>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/symbolizer.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

struct SymbolizeOptions {
  std::string log;
  std::vector<std::string> modules;
};

void run_symbolize(Context& context, SymbolizeOptions options) {
  if (options.modules.empty()) options.modules = {"."};
  const bool from_stdin = options.log.empty() || options.log == "-";
  std::ifstream file;
  file.open(from_stdin ? "/dev/stdin" : options.log);
  if (!file || (!from_stdin && fs::is_directory(options.log))) {
    throw Error(Code::not_found, fmt::format("cannot read `{}`", options.log));
  }
  const auto modules = load_modules_of_traces(options.modules);
  Symbolizer symbolizer(context.out, modules);
  for (std::string line; std::getline(file, line);) symbolizer.line(line, file.eof() ? "" : "\n");
  symbolizer.finish();
}

}  // namespace

void add_symbolize(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<SymbolizeOptions>();
  auto* app = root.add_subcommand(
      "symbolize", "Turn the Wasm back-traces in a proxy's log into functions and lines");
  app->add_option("FILE", options->log, "The log (default: standard input)")->type_name("");
  app->add_option("-m,--module", options->modules,
                  "The module that the proxy runs, with NAME.debug.wasm beside it; or that file, "
                  "or a plugin's directory (default: .)")
      ->type_name("MODULE")
      ->allow_extra_args(false);
  app->footer(
      "All other lines pass as they are. A trace that no module given can have made, neither.\n\n"
      "Examples:\n"
      "  kubectl logs deploy/web -c istio-proxy | wasmctl symbolize -m filter.wasm\n"
      "  wasmctl symbolize envoy.log -m plugins/header-logger");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_symbolize(context, *options); };
  });
}

}  // namespace wasmctl::cli
