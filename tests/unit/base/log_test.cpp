#include "base/log.hpp"

#include <doctest/doctest.h>

#include <sstream>

using namespace wasmctl::base;  // NOLINT(google-build-using-namespace)

namespace {

// Ends with a log that writes nowhere it should not.
struct Log {
  explicit Log(LogColor color = LogColor::no) { open_log(stream, color); }
  ~Log() {
    static std::ostringstream nowhere;
    set_log_around(nullptr);
    set_log_level(LogLevel::warning);
    open_log(nowhere, LogColor::no);
  }
  std::ostringstream stream;
};

}  // namespace

TEST_CASE("the log writes what its level lets through, and alarms always") {
  struct Case {
    LogLevel level;
    const char* text;
  };
  const Case cases[] = {
      {LogLevel::debug, "debug: d\ninfo: i\nwarning: w\nwarning: a\n"},
      {LogLevel::info, "info: i\nwarning: w\nwarning: a\n"},
      {LogLevel::warning, "warning: w\nwarning: a\n"},
      {LogLevel::off, "warning: a\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const Log log;
    set_log_level(c.level);
    log_debug("d");
    log_info("i");
    log_warning("w");
    log_alarm("a");
    CHECK(log.stream.str() == c.text);
  }
}

TEST_CASE("the log colours its levels where it is told to, and escapes the controls of others") {
  const Log log(LogColor::yes);
  log_warning("a\x1b[2Jb");
  CHECK(log.stream.str() == "\x1b[33m\x1b[1mwarning\x1b[m: a\\x1b[2Jb\n");
}

TEST_CASE("a line of the log is written around what is drawn") {
  Log log;
  set_log_around([&](const auto& write) {
    log.stream << "<";
    write();
    log.stream << ">";
  });
  log_warning("w");
  CHECK(log.stream.str() == "<warning: w\n>");
}
