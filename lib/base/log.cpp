#include "base/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <utility>

#include "base/printable.hpp"

namespace wasmctl::base {

namespace {

// ECMA-48, as spdlog's own sinks have them.
std::string_view color_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
      return "\x1b[36m";
    case spdlog::level::info:
      return "\x1b[32m";
    default:
      return "\x1b[33m\x1b[1m";
  }
}

// Lines look like the rest of the tool's talk: `debug: GET http://...`.
class WritingSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  WritingSink() {
    constexpr char kPattern[] = "%^%l%$: %v";
    base_sink::set_pattern_(kPattern);
  }

  void open(LogWrite write, LogColor color) {
    const std::lock_guard lock(mutex_);
    write_ = std::move(write);
    color_ = color;
  }

  void set_around(LogAround around) {
    const std::lock_guard lock(mutex_);
    around_ = std::move(around);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (!write_) return;
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const std::string_view text(line.data(), line.size());
    const auto write = [&] { print(text, message); };
    if (around_) {
      around_(write);
    } else {
      write();
    }
  }

  void flush_() override {}

 private:
  void print(std::string_view text, const spdlog::details::log_msg& message) {
    const auto begin = message.color_range_start;
    const auto end = message.color_range_end;
    if (color_ == LogColor::yes && begin < end) {
      write_(fmt::format("{}{}{}\x1b[m{}", text.substr(0, begin), color_of(message.level),
                         text.substr(begin, end - begin), text.substr(end)));
    } else {
      write_(text);
    }
  }

  LogWrite write_;
  LogColor color_ = LogColor::no;
  LogAround around_;
};

const std::shared_ptr<WritingSink>& sink() {
  static const auto instance = std::make_shared<WritingSink>();
  return instance;
}

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = std::make_shared<spdlog::logger>("wasmctl", sink());
    created->set_level(spdlog::level::warn);
    return created;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

}  // namespace

void open_log(LogWrite write, LogColor color) {
  sink()->open(std::move(write), color);
}
void set_log_around(LogAround around) {
  sink()->set_around(std::move(around));
}

void set_log_level(LogLevel level) {
  logger().set_level(to_spdlog(level));
}
bool log_enabled(LogLevel level) {
  return logger().should_log(to_spdlog(level));
}

void log_debug(std::string_view message) {
  logger().debug("{}", printable(message));
}
void log_info(std::string_view message) {
  logger().info("{}", printable(message));
}
void log_warning(std::string_view message) {
  logger().warn("{}", printable(message));
}
void log_warning_and_hint(std::string_view message, std::string_view hint) {
  logger().warn("{}\nhint: {}", printable(message), printable(hint));
}
void log_alarm(std::string_view message) {
  const auto text = printable(message);
  sink()->log({"", spdlog::level::warn, text});  // past the logger, which knows a level
}

}  // namespace wasmctl::base
