// wasmctl symbolize: turns the Wasm back-traces in a proxy's log into functions, files and lines.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <istream>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/known_module.hpp"
#include "wasm/backtrace.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

struct SymbolizeOptions {
  std::string log;
  std::vector<std::string> modules;
};

// A piece of a line, between ends of lines written out as `\n` (in JSON and logfmt).
struct Piece {
  std::string_view text;
  std::string_view end;  // `\n`, with more backslashes for a string in a string; "\n"; or nothing
};

Piece next_piece(std::string_view& line, std::string_view newline) {
  const auto written = line.find("\\n");
  if (written == std::string_view::npos) return {std::exchange(line, {}), newline};
  const auto last = line.find_last_not_of('\\', written);
  const auto begin = last == std::string_view::npos ? 0 : last + 1;
  const Piece piece{line.substr(0, begin), line.substr(begin, written + 2 - begin)};
  line.remove_prefix(written + 2);
  return piece;
}

// How many strings an end of a line is in: `\n` is in one, `\\n` in two, four backslashes are
// three.
unsigned strings_of(std::string_view end) {
  if (!end.ends_with('n')) return 0;
  return static_cast<unsigned>(std::bit_width(end.size() - 1));
}

class Symbolizer {
 public:
  Symbolizer(Context& context, std::vector<std::unique_ptr<KnownModule>> modules)
      : context_(context), modules_(std::move(modules)) {}

  // A line without a frame ends a trace; without one to end, it goes out at once. `newline` is
  // "\n", or nothing for a last line that has none.
  void line(std::string_view line, std::string_view newline) {
    has_frame_ = false;
    std::string_view before;
    do {
      const auto piece = next_piece(line, newline);
      pass(piece, std::max(strings_of(before), strings_of(piece.end)));
      before = piece.end;
    } while (!line.empty());
    if (before != newline) pass({"", newline}, 0);
    if (has_frame_) return;
    write_trace();
    context_.out.flush();
  }

  void finish() {
    write_trace();
    context_.out.flush();
    if (unfit_ == 0) return;
    base::log_warning(
        fmt::format("no module given can have made {} of {} back-traces: give the one that the "
                    "proxy ran; was it built again since?",
                    unfit_, traces_));
  }

 private:
  // A piece of a line that has a frame, or that follows one.
  struct Part {
    std::string text;
    std::string end;
    std::optional<std::size_t> frame;  // in trace_
  };

  void pass(const Piece& piece, unsigned strings) {
    // Where no end of a line is written out, a quote tells what is a string.
    const bool is_quoted = strings == 0 && piece.text.find('"') != std::string_view::npos;
    auto frame = wasm::parse_frame(piece.text, is_quoted ? 1 : strings);
    if (!frame) {
      parts_.push_back({std::string(piece.text), std::string(piece.end), std::nullopt});
      if (trace_.empty()) write_parts({});
      return;
    }
    has_frame_ = true;
    if (frame->number == 0 || trace_.size() == kMostFrames) write_trace();
    parts_.push_back({std::string(piece.text), std::string(piece.end), trace_.size()});
    trace_.push_back(std::move(*frame));
  }

  std::optional<std::vector<wasm::Description>> describe_trace() {
    std::optional<std::vector<wasm::Description>> found;
    const KnownModule* first = nullptr;
    for (const auto& known : modules_) {
      auto descriptions = wasm::describe(trace_, known->module, *known->symbols);
      if (!descriptions) continue;
      if (first == nullptr) {
        first = known.get();
        found = std::move(descriptions);
      } else if (!std::exchange(is_ambiguous_, true)) {
        base::log_warning(fmt::format("a back-trace fits {} and {}; the first is taken",
                                      first->path, known->path));
      }
    }
    return found;
  }

  void write_trace() {
    if (trace_.empty()) return;
    const auto descriptions = describe_trace();
    ++traces_;
    if (!descriptions) ++unfit_;
    write_parts(descriptions.value_or(std::vector<wasm::Description>()));
    trace_.clear();
  }

  // With no descriptions, as they came.
  void write_parts(const std::vector<wasm::Description>& descriptions) {
    for (const auto& [text, end, frame] : parts_) {
      const std::string_view whole = text;
      if (frame && !descriptions.empty()) {
        const auto& description = descriptions[*frame];
        context_.out.write(whole.substr(0, trace_[*frame].name_begin));
        context_.out.write(description.text);
        context_.out.write(whole.substr(description.end));
      } else {
        context_.out.write(whole);
      }
      context_.out.write(end);
    }
    parts_.clear();
  }

  // V8 gives ten frames; a longer run of such lines is no trace.
  static constexpr std::size_t kMostFrames = 1000;

  Context& context_;
  std::vector<std::unique_ptr<KnownModule>> modules_;
  std::vector<wasm::TraceFrame> trace_;
  std::vector<Part> parts_;
  bool has_frame_ = false;  // the line
  std::size_t traces_ = 0;
  std::size_t unfit_ = 0;
  bool is_ambiguous_ = false;
};

void run_symbolize(Context& context, SymbolizeOptions options) {
  if (options.modules.empty()) options.modules = {"."};
  std::vector<std::unique_ptr<KnownModule>> modules;
  modules.reserve(options.modules.size());
  for (const auto& argument : options.modules) {
    modules.push_back(load_known_module(argument));
    const auto side = wasm::side_file(modules.back()->path);
    std::error_code ignored;
    if (!modules.back()->symbols->has_names() && !fs::exists(side, ignored)) {
      base::log_warning(fmt::format("{} has no names, and no {} is beside it", modules.back()->path,
                                    side.filename().native()));
    }
  }
  const bool from_stdin = options.log.empty() || options.log == "-";
  std::ifstream file;
  file.open(from_stdin ? "/dev/stdin" : options.log);
  if (!file || (!from_stdin && fs::is_directory(options.log))) {
    throw Error(Code::not_found, fmt::format("cannot read `{}`", options.log));
  }
  Symbolizer symbolizer(context, std::move(modules));
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
