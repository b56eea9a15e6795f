#include "explain/log_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>

#include "base/text.hpp"
#include "explain/document.hpp"

namespace wasmctl::explain {

namespace {

constexpr std::string_view kLogDigits = "0123456789";

constexpr std::array<std::string_view, 9> kLevels = {
    "trace", "debug", "info", "warn", "warning", "error", "critical", "fatal", "none"};

// One of these, which live as long as the program; empty for another word.
std::string_view level_named(std::string_view word) {
  const auto* const level = std::ranges::find(kLevels, word);
  return level == kLevels.end() ? std::string_view() : *level;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Whether the text begins with a date and a time: "2026-11-26T16:15:53" or with a blank between.
bool begins_with_time(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd?dd:dd:dd";
  if (text.size() < kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool fits = kForm[i] == 'd'   ? is_digit(text[i])
                      : kForm[i] == '?' ? text[i] == 'T' || text[i] == ' '
                                        : text[i] == kForm[i];
    if (!fits) return false;
  }
  return true;
}

// Of a text that begins with a time: the seconds of the day.
double seconds_of(std::string_view text) {
  const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  double seconds = two(11) * 3600 + two(14) * 60 + two(17);
  if (text.size() > 20 && text[19] == '.') {
    double scale = 0.1;
    for (std::size_t at = 20; at < text.size() && is_digit(text[at]); ++at, scale /= 10) {
      seconds += (text[at] - '0') * scale;
    }
  }
  return seconds;
}

// Takes "[...]" from the front of the text.
std::optional<std::string_view> take_bracket(std::string_view& text) {
  if (!text.starts_with('[')) return std::nullopt;
  const auto end = text.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const auto inside = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return inside;
}

void drop_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

// kubectl's `--prefix`, and what docker compose puts before: "web-1  | ".
void drop_source(std::string_view& text) {
  if (text.starts_with("[pod/")) {
    take_bracket(text);
    drop_blanks(text);
  }
  const auto bar = text.find(" | ");
  if (bar < 60 && text.substr(0, text.find(' ')).find_first_of("[\t") == std::string_view::npos &&
      base::trimmed(text.substr(0, bar)).find(' ') == std::string_view::npos) {
    text.remove_prefix(bar + 3);
  }
}

// A time of kubectl or the container runtime, with the runtime's stream and mark.
void drop_runtime(std::string_view& text, LogLine& line) {
  if (!begins_with_time(text)) return;
  const auto end = text.find_first_of(" \t", 19);
  if (end == std::string_view::npos || text[end] != ' ') return;
  line.seconds = seconds_of(text);
  text.remove_prefix(end + 1);
  drop_blanks(text);  // of a log that was pasted, its tabs
  for (const std::string_view stream : {"stdout ", "stderr "}) {
    if (!text.starts_with(stream)) continue;
    text.remove_prefix(stream.size());
    if (text.starts_with("F ") || text.starts_with("P ")) text.remove_prefix(2);
  }
}

// [TIME][THREAD][LEVEL][LOGGER] [FILE:LINE] TEXT; a shorter format may be set.
bool read_envoy(std::string_view text, LogLine& line) {
  auto first = take_bracket(text);
  if (!first) return false;
  if (begins_with_time(*first)) {
    line.seconds = seconds_of(*first);
    first = take_bracket(text);
    if (!first) return false;
  }
  if (!first->empty() && first->find_first_not_of(kLogDigits) == std::string_view::npos) {
    line.thread = *first;
    first = take_bracket(text);
  }
  if (first) line.level = level_named(*first);
  while (take_bracket(text)) drop_blanks(text);
  drop_blanks(text);
  line.text = text;
  return true;
}

// Istio's end of a line, its tab maybe blanks by now.
void take_thread(std::string_view& text, LogLine& line) {
  const auto last = text.find_last_not_of(kLogDigits);
  constexpr std::string_view kName = "thread=";
  if (last == std::string_view::npos || !text.substr(0, last + 1).ends_with(kName)) return;
  const auto begin = last + 1 - kName.size();
  if (begin == 0 || (text[begin - 1] != '\t' && text[begin - 1] != ' ')) return;
  line.thread = text.substr(last + 1);
  text = text.substr(0, begin);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
}

// TIME, level, scope and text, with tabs between; the scope may be missing.
bool read_istio(std::string_view text, LogLine& line) {
  if (!begins_with_time(text)) return false;
  const auto seconds = seconds_of(text);
  auto tab = text.find('\t');
  if (tab == std::string_view::npos) return false;
  text.remove_prefix(tab + 1);
  tab = text.find('\t');
  const auto level = level_named(text.substr(0, tab));
  if (tab == std::string_view::npos || level.empty()) return false;
  line.level = level;
  line.seconds = seconds;
  text.remove_prefix(tab + 1);
  tab = text.find('\t');
  // A scope is a word or two; a text of several may have a tab, too.
  if (tab != std::string_view::npos && tab < 120 &&
      text.substr(0, tab).find(": ") == std::string_view::npos) {
    text.remove_prefix(tab + 1);
  }
  line.text = text;
  return true;
}

// The values of an object that loggers write.
class LogObject : public DocumentSink {
 public:
  void enter(std::string_view /*key*/) override { ++depth_; }
  void leave() override { --depth_; }
  void value(std::string_view key, std::string_view text, std::size_t /*line*/) override {
    if (depth_ > 2) return;
    if (key == "msg" || key == "message" || key == "log" || key == "textPayload") message = text;
    if (key == "time" || key == "timestamp" || key == "ts") time = text;
    if (key == "level" || key == "severity") level = text;
    if (key == "thread" || key == "tid") thread = text;
  }

  std::string message, time, level, thread;

 private:
  int depth_ = 0;
};

bool read_json_line(std::string_view text, LogLine& line) {
  if (!text.starts_with('{')) return false;
  LogObject object;
  JsonWalker walker(object);
  walker.write(text);
  walker.finish();
  if (object.message.empty()) return false;
  line.text = object.message;
  line.thread = object.thread;
  if (begins_with_time(object.time)) line.seconds = seconds_of(object.time);
  line.level = level_named(object.level);
  return true;
}

}  // namespace

LogLine read_log_line(std::string_view raw) {
  if (raw.ends_with('\r')) raw.remove_suffix(1);
  LogLine line;
  take_thread(raw, line);
  drop_source(raw);
  drop_runtime(raw, line);
  if (read_json_line(raw, line)) {
    LogLine inner;  // a runtime's JSON has a line of a logger in it
    const std::string whole = line.text;
    std::string_view message = whole;
    take_thread(message, inner);
    if (read_istio(message, inner) || (message.starts_with("[20") && read_envoy(message, inner))) {
      return inner;
    }
    return line;
  }
  if (read_istio(raw, line) || read_envoy(raw, line)) return line;
  line.text = raw;
  line.level = level_named(raw.substr(0, raw.find(' ')));  // of a log that was pasted
  return line;
}

}  // namespace wasmctl::explain
