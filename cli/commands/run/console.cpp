#include "cli/commands/run/console.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "base/printable.hpp"
#include "cli/symbols.hpp"
#include "explain/secrets.hpp"
#include "wasm/backtrace.hpp"

namespace wasmctl::cli {

namespace {

using nlohmann::json;

// As Envoy orders them.
constexpr std::array<std::string_view, 7> kLevels = {"trace", "debug",    "info", "warning",
                                                     "error", "critical", "off"};

std::ptrdiff_t rank(std::string_view level) {
  return std::ranges::find(kLevels, level) - kLevels.begin();
}

// Lines that wait to be shown: of a plugin that logs without end not all are.
constexpr std::size_t kMostPending = 10'000;

// ECMA-48's SGR.
enum class Paint : std::uint8_t { none = 0, bold = 1, dim = 2, red = 31, green = 32, yellow = 33 };

// Text of others in a colour of ours.
std::string painted(bool is_colored, Paint paint, std::string_view text) {
  auto safe = base::printable(text);
  if (!is_colored || paint == Paint::none) return safe;
  return fmt::format("\x1b[{}m{}\x1b[m", static_cast<int>(paint), safe);
}

Paint paint_of_status(int status) {
  if (status == 0 || status >= 500) return Paint::red;
  return status >= 400 ? Paint::yellow : Paint::green;
}

Paint paint_of_level(std::string_view level) {
  if (level == "error" || level == "critical") return Paint::red;
  if (level == "warning") return Paint::yellow;
  return level == "info" ? Paint::none : Paint::dim;
}

std::string milliseconds(envoy::Time time) {
  return fmt::format("{:.1f} ms", static_cast<double>(time.count()) / 1000);
}

// Why it ended as it did, where that is not the usual.
std::string remark(const envoy::Access& access) {
  const auto& details = access.details;
  const bool is_usual =
      details.empty() || details == "via_upstream" || details == "direct_response";
  std::string text = is_usual ? "" : " " + details;
  if (!access.flags.empty()) text += fmt::format(" [{}]", access.flags);
  return text;
}

std::string headline(const envoy::Access& access, bool is_colored) {
  const auto paint = [&](Paint how, std::string_view text) {
    return painted(is_colored, how, text);
  };
  const auto time = paint(Paint::dim, milliseconds(access.duration));
  const auto why = paint(Paint::yellow, remark(access));
  if (access.method.empty()) {
    return fmt::format("{} {} bytes in, {} out {}{}\n", paint(Paint::bold, "TCP"), access.received,
                       access.sent, time, why);
  }
  const auto status = access.status == 0 ? "-" : fmt::format("{}", access.status);
  return fmt::format("{} {} {} {}{}\n", paint(Paint::bold, access.method),
                     base::printable(explain::masked_target(access.path)),
                     paint(paint_of_status(access.status), status), time, why);
}

// The message, its further lines below its first.
std::string indented(std::string_view text, std::size_t column, bool is_colored, Paint paint) {
  std::string lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    if (begin > 0) lines += "\n" + std::string(column, ' ');
    lines += painted(is_colored, paint, text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

struct Line {
  std::string level;
  std::string plugin;
  std::string message;
  bool operator==(const Line&) const = default;
};

Line line_of(const envoy::Record& record, const TracedModules& modules) {
  if (auto logged = envoy::plugin_line(record)) {
    auto plugin = logged->prefix.substr(0, logged->prefix.find(' '));
    return {record.level, std::move(plugin), std::move(logged->message)};
  }
  auto message = record.text;
  for (const auto& module : modules) {
    auto better = module->symbolized(message);
    if (better == message) continue;
    message = std::move(better);
    break;
  }
  return {record.level, "", std::move(message)};
}

std::string text_of_line(const Line& line, bool is_colored, bool shows_name) {
  constexpr std::size_t kLevelWidth = 8;  // "critical"
  const auto paint = paint_of_level(line.level);
  std::string text =
      "  " + painted(is_colored, paint, fmt::format("{:<{}}", line.level, kLevelWidth)) + " ";
  std::size_t column = 2 + kLevelWidth + 1;
  if (shows_name && !line.plugin.empty()) {
    text += painted(is_colored, Paint::dim, line.plugin + ": ");
    column += line.plugin.size() + 2;
  }
  return text + indented(line.message, column, is_colored, Paint::none) + "\n";
}

json json_of(const envoy::Access& access) {
  json document = {{"ms", static_cast<double>(access.duration.count()) / 1000},
                   {"flags", access.flags},
                   {"details", access.details},
                   {"received", access.received},
                   {"sent", access.sent}};
  if (access.method.empty()) return document;
  document["method"] = access.method;
  document["path"] = explain::masked_target(access.path);
  document["status"] = access.status;
  return document;
}

json json_of(const std::vector<Line>& lines) {
  auto list = json::array();
  for (const auto& line : lines) {
    list.push_back({{"level", line.level}, {"plugin", line.plugin}, {"message", line.message}});
  }
  return list;
}

envoy::Time wall_clock() {
  return std::chrono::duration_cast<envoy::Time>(
      std::chrono::system_clock::now().time_since_epoch());
}

}  // namespace

TracedModule::TracedModule(const base::Content& bytes, const std::string& path)
    : module_(wasm::read_module(bytes, path)), symbols_(load_symbols(module_, path)) {}

std::string TracedModule::symbolized(const std::string& text) const {
  std::vector<std::string> lines;
  std::vector<wasm::TraceFrame> trace;
  std::vector<std::size_t> places;  // of the frames, in `lines`
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    if (auto frame = wasm::parse_frame(lines.back(), 0)) {
      trace.push_back(std::move(*frame));
      places.push_back(lines.size() - 1);
    }
    begin = end + 1;
  }
  if (trace.empty()) return text;
  const auto descriptions = wasm::describe(trace, module_, symbols_);
  if (!descriptions) return text;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    auto& line = lines[places[i]];
    const auto& [end, better] = (*descriptions)[i];
    line.replace(trace[i].name_begin, end - trace[i].name_begin, better);
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

Console::Console(Output output, Options options)
    : output_(output),
      options_(std::move(options)),
      broken_(::eventfd(0, EFD_CLOEXEC)),
      printer_(&Console::print_loop, this) {}

Console::~Console() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  printer_.join();
}

bool Console::is_shown(const envoy::Record& record) {
  if (envoy::plugin_line(record)) return true;
  const bool is_grave =
      record.level == "warning" || record.level == "error" || record.level == "critical";
  return record.component == "wasm" && is_grave && !record.text.starts_with("Plugin ");
}

std::string Console::log_level_of_envoy(const std::string& least) {
  return rank(least) < rank("info") ? least : "info";
}

bool Console::is_below_level(const envoy::Record& record) const {
  return envoy::plugin_line(record) && rank(record.level) < rank(options_.least);
}

void Console::begin() {
  const std::lock_guard lock(mutex_);
  main_thread_ = 0;
}

void Console::add(const envoy::Record& record) {
  {
    const std::lock_guard lock(mutex_);
    if (main_thread_ == 0) main_thread_ = record.thread;  // it speaks first
    if (record.thread == main_thread_ || !is_shown(record) || is_below_level(record)) return;
    if (attribution_.pending() >= kMostPending) {
      ++left_out_;
      return;
    }
    attribution_.add(record);
  }
  changed_.notify_all();
}

void Console::add(const envoy::Access& access) {
  {
    const std::lock_guard lock(mutex_);
    if (attribution_.pending() >= kMostPending) {
      ++left_out_;
      return;
    }
    attribution_.add(access);
  }
  changed_.notify_all();
}

void Console::set_modules(TracedModules modules) {
  const std::lock_guard lock(mutex_);
  modules_ = std::move(modules);
}

// Writes without the lock: who does not read stops this thread alone.
void Console::print_loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto next = attribution_.next();
    if (!is_over_ && (!next || options_.when == When::at_end)) {
      changed_.wait(lock);
      continue;
    }
    if (const auto now = wall_clock(); !is_over_ && *next > now) {
      changed_.wait_for(lock, *next - now);
    }
    const bool is_last = is_over_;
    const auto entries = is_last ? attribution_.take_all() : attribution_.take(wall_clock());
    if (entries.empty() && !is_last) continue;
    const auto left_out = std::exchange(left_out_, 0);
    const auto modules = modules_;
    lock.unlock();
    for (const auto& entry : entries) print(text_of(entry, modules));
    print(what_is_left_out(left_out));
    if (is_last) return;
    lock.lock();
  }
}

std::string Console::what_is_left_out(std::size_t lines) const {
  if (lines == 0 || options_.form != Form::text) return {};
  return fmt::format("  ... {} more lines\n", lines);
}

// In pieces that a pipe takes whole once poll() has said that it takes something.
void Console::print(std::string_view text) {
  const auto safe = base::printable_output(text);
  for (std::size_t begin = 0; begin < safe.size() && !is_stuck_; begin += PIPE_BUF) {
    if (!is_writable()) {
      is_stuck_ = true;
      return;
    }
    output_.write(std::string_view(safe).substr(begin, PIPE_BUF));
    output_.flush();
  }
  if (!output_.good()) tell_broken();
}

// Waits for it; false if that takes until the end.
bool Console::is_writable() const {
  std::array<pollfd, 2> waiting = {{{options_.descriptor, POLLOUT, 0}, {options_.stop, POLLIN, 0}}};
  while (true) {
    const int ready = ::poll(waiting.data(), waiting.size(), -1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0 || waiting[0].revents != 0) return true;
    return false;
  }
}

void Console::tell_broken() const {
  constexpr std::uint64_t kOne = 1;
  [[maybe_unused]] const auto written = ::write(broken_.descriptor(), &kOne, sizeof kOne);
}

std::string Console::text_of(const envoy::Entry& entry, const TracedModules& modules) const {
  std::vector<Line> lines;
  lines.reserve(entry.records.size());
  for (const auto& record : entry.records) lines.push_back(line_of(record, modules));
  // Outside of requests each worker thread says the same.
  if (!entry.access) lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  if (options_.form == Form::json) {
    auto document = entry.access ? json_of(*entry.access) : json::object();
    document["log"] = json_of(lines);
    const auto text = document.dump(-1, ' ', false, json::error_handler_t::replace);
    return base::printable_json(text) + "\n";
  }
  std::string text;
  if (entry.access) text += headline(*entry.access, options_.is_colored);
  for (const auto& line : lines) {
    text += text_of_line(line, options_.is_colored, options_.shows_names);
  }
  return text;
}

}  // namespace wasmctl::cli
