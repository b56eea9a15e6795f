#include "cli/symbolizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <utility>

#include "base/log.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

// V8 gives ten frames; a longer run of such lines is no trace.
constexpr std::size_t kMostFrames = 1000;

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

}  // namespace

KnownModules load_modules_of_traces(const std::vector<std::string>& arguments) {
  KnownModules modules;
  modules.reserve(arguments.size());
  for (const auto& argument : arguments) {
    modules.push_back(load_known_module(argument));
    const auto side = wasm::side_file(modules.back()->path);
    std::error_code ignored;
    if (!modules.back()->symbols->has_names() && !fs::exists(side, ignored)) {
      base::log_warning(fmt::format("{} has no names, and no {} is beside it", modules.back()->path,
                                    side.filename().native()));
    }
  }
  return modules;
}

void Symbolizer::line(std::string_view line, std::string_view newline) {
  has_frame_ = false;
  std::string_view before;
  do {
    const auto piece = next_piece(line, newline);
    pass(piece.text, piece.end, std::max(strings_of(before), strings_of(piece.end)));
    before = piece.end;
  } while (!line.empty());
  if (before != newline) pass("", newline, 0);
  if (has_frame_) return;
  write_trace();
  out_.flush();
}

void Symbolizer::finish() {
  write_trace();
  out_.flush();
  if (unfit_ == 0) return;
  base::log_warning(
      fmt::format("no module given can have made {} of {} back-traces: give the one that the "
                  "proxy ran; was it built again since?",
                  unfit_, traces_));
}

void Symbolizer::pass(std::string_view text, std::string_view end, unsigned strings) {
  // Where no end of a line is written out, a quote tells what is a string.
  const bool is_quoted = strings == 0 && text.find('"') != std::string_view::npos;
  auto frame = wasm::parse_frame(text, is_quoted ? 1 : strings);
  if (!frame) {
    parts_.push_back({std::string(text), std::string(end), std::nullopt});
    if (trace_.empty()) write_parts({});
    return;
  }
  has_frame_ = true;
  if (frame->number == 0 || trace_.size() == kMostFrames) write_trace();
  parts_.push_back({std::string(text), std::string(end), trace_.size()});
  trace_.push_back(std::move(*frame));
}

std::optional<std::vector<wasm::Description>> Symbolizer::describe_trace() {
  std::optional<std::vector<wasm::Description>> found;
  const KnownModule* first = nullptr;
  for (const auto& known : modules_) {
    auto descriptions = wasm::describe(trace_, known->module, *known->symbols);
    if (!descriptions) continue;
    if (first == nullptr) {
      first = known.get();
      found = std::move(descriptions);
    } else if (!std::exchange(is_ambiguous_, true)) {
      base::log_warning(
          fmt::format("a back-trace fits {} and {}; the first is taken", first->path, known->path));
    }
  }
  return found;
}

void Symbolizer::write_trace() {
  if (trace_.empty()) return;
  const auto descriptions = describe_trace();
  ++traces_;
  if (!descriptions) ++unfit_;
  write_parts(descriptions.value_or(std::vector<wasm::Description>()));
  trace_.clear();
}

void Symbolizer::write_parts(const std::vector<wasm::Description>& descriptions) {
  for (const auto& [text, end, frame] : parts_) {
    const std::string_view whole = text;
    if (frame && !descriptions.empty()) {
      const auto& description = descriptions[*frame];
      out_.write(whole.substr(0, trace_[*frame].name_begin));
      out_.write(description.text);
      out_.write(whole.substr(description.end));
    } else {
      out_.write(whole);
    }
    out_.write(end);
  }
  parts_.clear();
}

}  // namespace wasmctl::cli
