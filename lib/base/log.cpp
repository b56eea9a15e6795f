#include "base/log.hpp"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include "base/printable.hpp"

namespace wasmctl::base {

namespace {

// Lines look like the rest of the tool's talk: `debug: GET http://...`.
std::shared_ptr<spdlog::logger> make_logger() {
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
  if (std::getenv("NO_COLOR") != nullptr) sink->set_color_mode(spdlog::color_mode::never);
  auto created = std::make_shared<spdlog::logger>("wasmctl", std::move(sink));
  created->set_pattern("%^%l%$: %v");
  created->set_level(spdlog::level::warn);
  return created;
}

spdlog::logger& logger() {
  static const auto instance = make_logger();
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
void log_alarm(std::string_view message) {
  make_logger()->warn("{}", printable(message));  // whose level nobody set
}

}  // namespace wasmctl::base
