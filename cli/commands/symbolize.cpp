// wasmctl symbolize: turns the Wasm back-traces in a proxy's log into functions, files and lines.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <fstream>
#include <istream>
#include <memory>
#include <ostream>

#include "base/content.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/symbols.hpp"
#include "plugin/plugin.hpp"
#include "wasm/backtrace.hpp"
#include "wasm/pack.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

struct SymbolizeCommand {
  std::string log;
  std::vector<std::string> modules;
};

// A module as it was shipped, with its symbols. Never moved: the symbols refer to it.
struct Known {
  std::string path;
  wasm::Module module;
  std::unique_ptr<const wasm::Symbols> symbols;
};

std::unique_ptr<Known> load(const std::string& path) {
  auto known = std::make_unique<Known>();
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

std::string plugin_name(const std::string& directory) {
  try {
    return plugin::load(directory).name;
  } catch (Error& error) {
    throw error.hint("or give the module that the proxy runs: `--module FILE`");
  }
}

// What `wasmctl build` made of a plugin's directory.
std::string module_of(const std::string& argument) {
  std::error_code ignored;
  if (!fs::is_directory(argument, ignored)) return argument;
  const auto module = fs::path(argument) / "build" / (plugin_name(argument) + ".wasm");
  if (!fs::exists(module, ignored)) {
    throw Error(Code::not_found,
                fmt::format("`{}` has not been built: there is no {}", argument, module.native()))
        .hint("give the module that the proxy runs, its NAME.debug.wasm, or build the plugin");
  }
  return module.native();
}

// `text` as it stands in a JSON string.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

class Symbolizer {
 public:
  Symbolizer(Context& context, std::vector<std::unique_ptr<Known>> modules)
      : context_(context), modules_(std::move(modules)) {}

  // Lines that are no frames go out at once; frames when their trace has ended.
  // `newline` is "\n", or nothing for a last line that has none.
  void line(std::string_view line, std::string_view newline) {
    const bool json = line.starts_with('{');
    if (!json) return part(line, newline, json);
    for (;;) {
      const auto end = line.find("\\n");
      if (end == std::string_view::npos) return part(line, newline, json);
      part(line.substr(0, end), "\\n", json);
      line.remove_prefix(end + 2);
    }
  }

  void finish() {
    write_trace();
    context_.out.flush();
  }

 private:
  struct Part {
    std::string text;
    std::string_view end;
    bool json;
  };

  void part(std::string_view text, std::string_view end, bool json) {
    auto frame = wasm::parse_frame(text);
    if (!frame) {
      write_trace();
      context_.out << text << end;
      if (end == "\n") context_.out.flush();
      return;
    }
    if (json && !frame->index)
      frame->name_end = std::min(text.find('"', frame->name_begin), text.size());
    if (frame->number == 0) write_trace();
    trace_.push_back(*frame);
    parts_.push_back({std::string(text), end, json});
    if (trace_.size() == kMostFrames) write_trace();
  }

  const Known* module_for_trace() {
    const Known* found = nullptr;
    for (const auto& known : modules_) {
      if (!wasm::fits(trace_, known->module)) continue;
      if (found != nullptr && !ambiguous_) {
        ambiguous_ = true;
        base::log_warning(fmt::format("a back-trace fits {} and {}; the first is taken",
                                      found->path, known->path));
      }
      if (found == nullptr) found = known.get();
    }
    return found;
  }

  void write_trace() {
    if (trace_.empty()) return;
    const auto* known = module_for_trace();
    for (std::size_t i = 0; i < trace_.size(); ++i) {
      const auto& [text, end, json] = parts_[i];
      const std::string_view line = text;
      const auto what =
          known == nullptr ? "" : wasm::describe(trace_[i], known->module, *known->symbols);
      if (what.empty()) {
        context_.out << line << end;
      } else {
        context_.out << line.substr(0, trace_[i].name_begin) << (json ? escaped(what) : what)
                     << line.substr(trace_[i].name_end) << end;
      }
    }
    trace_.clear();
    parts_.clear();
  }

  // V8 gives ten frames; a longer run of such lines is no trace.
  static constexpr std::size_t kMostFrames = 1000;

  Context& context_;
  std::vector<std::unique_ptr<Known>> modules_;
  std::vector<wasm::TraceFrame> trace_;
  std::vector<Part> parts_;
  bool ambiguous_ = false;
};

void run_symbolize(Context& context, SymbolizeCommand command) {
  if (command.modules.empty()) command.modules = {"."};
  std::vector<std::unique_ptr<Known>> modules;
  modules.reserve(command.modules.size());
  for (const auto& argument : command.modules) {
    modules.push_back(load(module_of(argument)));
    if (!modules.back()->symbols->has_names()) {
      base::log_warning(fmt::format("{} has no names, and no {} of this build is beside it",
                                    modules.back()->path,
                                    wasm::side_file(modules.back()->path).filename().native()));
    }
  }
  const bool from_stdin = command.log.empty() || command.log == "-";
  std::ifstream file;
  file.open(from_stdin ? "/dev/stdin" : command.log);
  if (!file || (!from_stdin && fs::is_directory(command.log))) {
    throw Error(Code::not_found, fmt::format("cannot read `{}`", command.log));
  }
  Symbolizer symbolizer(context, std::move(modules));
  for (std::string line; std::getline(file, line);) symbolizer.line(line, file.eof() ? "" : "\n");
  symbolizer.finish();
}

}  // namespace

void add_symbolize(CLI::App& root, Context& context, Action& action) {
  auto command = std::make_shared<SymbolizeCommand>();
  auto* app = root.add_subcommand(
      "symbolize", "Turn the Wasm back-traces in a proxy's log into functions and lines");
  app->add_option("FILE", command->log, "The log (default: standard input)")->type_name("");
  app->add_option("-m,--module", command->modules,
                  "The module that the proxy runs, with NAME.debug.wasm beside it; or that file, "
                  "or a plugin's directory (default: .)")
      ->type_name("MODULE")
      ->allow_extra_args(false);
  app->footer(
      "All other lines pass as they are. A trace that no module given can have made, neither.\n\n"
      "Examples:\n"
      "  kubectl logs deploy/web -c istio-proxy | wasmctl symbolize -m build/filter.wasm\n"
      "  wasmctl symbolize envoy.log -m plugins/header-logger");
  app->callback([command, &context, &action] {
    action = [command, &context] { run_symbolize(context, *command); };
  });
}

}  // namespace wasmctl::cli
