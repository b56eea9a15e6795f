#include "cli/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace wasmctl::cli {

namespace {

// Nobody reads what is there for less.
constexpr std::chrono::milliseconds kBeforeTheFirst{500};
constexpr std::chrono::milliseconds kBetween{100};
constexpr std::chrono::seconds kBetweenLines{10};
constexpr char kErase[] = "\r\x1b[K";  // ECMA-48: to the line's start, and clear it

std::string mebibytes(double bytes) {
  return fmt::format("{:.1f} MiB", bytes / (1024 * 1024));
}

}  // namespace

Progress::~Progress() {
  clear();
}

void Progress::add(std::uint64_t expected, std::uint64_t moved, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!start_) {
    start_ = now;
    next_ = now + (terminal_ ? kBeforeTheFirst : Clock::duration(kBetweenLines));
  }
  expected_ += expected;
  moved_ = std::min(moved_ + moved, expected_);  // what broke is moved twice
  if (moved_ == expected_) return erase();
  if (now < next_) return;
  const auto line = describe(moved_, expected_, now - *start_);
  if (terminal_) {
    err_ << kErase << line << std::flush;
    shown_ = true;
    next_ = now + kBetween;
  } else {
    err_ << line << '\n' << std::flush;
    next_ = now + kBetweenLines;
  }
}

void Progress::clear() {
  const std::lock_guard lock(mutex_);
  erase();
}

void Progress::erase() {
  if (shown_) err_ << kErase << std::flush;
  shown_ = false;
}

std::string Progress::describe(std::uint64_t moved, std::uint64_t expected,
                               std::chrono::duration<double> elapsed) {
  const auto rate = static_cast<double>(moved) / std::max(elapsed.count(), 0.001);
  auto text = fmt::format("{} of {}, {} %, {}/s", mebibytes(static_cast<double>(moved)),
                          mebibytes(static_cast<double>(expected)),
                          expected == 0 ? 100 : moved * 100 / expected, mebibytes(rate));
  if (rate > 0) {
    const auto left = std::llround(static_cast<double>(expected - moved) / rate);
    text += fmt::format(", {}:{:02} left", left / 60, left % 60);
  }
  return text;
}

}  // namespace wasmctl::cli
