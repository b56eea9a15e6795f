#include "cli/output/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cli/output/findings.hpp"

namespace wasmctl::cli {

namespace {

// Nobody reads what is there for less.
constexpr std::chrono::milliseconds kBeforeTheFirst{500};
constexpr std::chrono::milliseconds kBetween{100};
constexpr std::chrono::seconds kBetweenLines{10};
constexpr char kErase[] = "\r\x1b[K";  // ECMA-48: to the line's start, and clear it
constexpr std::string_view kGap = "  ";
constexpr std::size_t kLeastCells = 10;  // a shorter bar says nothing

std::string mebibytes(double bytes) {
  return fmt::format("{:.1f}", bytes / (1024 * 1024));
}

std::string time_text(double seconds) {
  const auto all = std::llround(seconds);
  const auto hours = all / 3600;
  const auto minutes = all / 60 % 60;
  return hours == 0 ? fmt::format("{}:{:02}", minutes, all % 60)
                    : fmt::format("{}:{:02}:{:02}", hours, minutes, all % 60);
}

double share(std::uint64_t moved, std::uint64_t expected) {
  return expected == 0 ? 1 : static_cast<double>(moved) / static_cast<double>(expected);
}

enum class Width : bool { needed, fixed };

// How much, which part, how fast, and how long it will take if that can be told.
std::vector<std::string> figures(std::uint64_t moved, std::uint64_t expected,
                                 Progress::Seconds elapsed, Width width) {
  const auto right = [&](const std::string& text, std::size_t columns) {
    return fmt::format("{:>{}}", text, width == Width::fixed ? columns : 0);
  };
  const auto done = static_cast<double>(moved);
  const auto all = static_cast<double>(expected);
  const auto total = mebibytes(all);
  const auto rate = done / std::max(elapsed.count(), 0.001);
  const auto percent = static_cast<int>(100 * share(moved, expected));
  std::vector<std::string> result = {
      fmt::format("{} of {} MiB", right(mebibytes(done), total.size()), total),
      right(fmt::format("{} %", percent), std::string_view("100 %").size()),
      right(mebibytes(rate) + " MiB/s", std::string_view("100.0 MiB/s").size())};
  if (rate > 0) {
    const auto left = time_text((all - done) / rate) + " left";
    result.push_back(right(left, std::string_view("10:00 left").size()));
  }
  return result;
}

std::string cells(std::uint64_t moved, std::uint64_t expected, std::size_t count) {
  const auto done = static_cast<std::size_t>(share(moved, expected) * static_cast<double>(count));
  std::string text(count, ' ');
  std::fill_n(text.begin(), std::min(done, count), '=');
  if (done < count) text[done] = '>';
  return text;
}

}  // namespace

Progress::~Progress() {
  erase();
}

void Progress::add(std::uint64_t expected, std::uint64_t moved, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!start_) {
    start_ = now;
    next_ = now + (columns_ ? kBeforeTheFirst : Clock::duration(kBetweenLines));
  }
  expected_ += expected;
  moved_ = std::min(moved_ + moved, expected_);  // what broke is moved twice
  if (moved_ == expected_) return erase();
  if (now < next_) return;
  if (columns_) {
    show(kErase + bar(moved_, expected_, now - *start_, columns_()));
    shown_ = true;
    next_ = now + kBetween;
  } else {
    show(line(moved_, expected_, now - *start_) + '\n');
    next_ = now + kBetweenLines;
  }
}

void Progress::write_over(const std::function<void()>& write) {
  const std::lock_guard lock(mutex_);
  erase();
  write();
}

void Progress::show(std::string_view text) {
  err_.write(text);
  err_.flush();
}

void Progress::erase() {
  if (shown_) show(kErase);
  shown_ = false;
}

std::string Progress::line(std::uint64_t moved, std::uint64_t expected, Seconds elapsed) {
  return fmt::format("{}", fmt::join(figures(moved, expected, elapsed, Width::needed), ", "));
}

std::string Progress::bar(std::uint64_t moved, std::uint64_t expected, Seconds elapsed,
                          std::size_t columns) {
  // Some terminals begin a new line when the last column is written.
  const auto room = columns == 0 ? 0 : columns - 1;
  auto shown = figures(moved, expected, elapsed, Width::fixed);
  const auto text = fmt::format("{}", fmt::join(shown, kGap));
  const auto taken = text.size() + kGap.size() + std::string_view("[]").size();
  if (room >= taken + kLeastCells) {
    return fmt::format("[{}]{}{}", cells(moved, expected, room - taken), kGap, text);
  }
  for (; !shown.empty(); shown.pop_back()) {
    auto shorter = fmt::format("{}", fmt::join(shown, kGap));
    if (shorter.size() <= room) return shorter;
  }
  return "";
}

void show_compiled(Output err, const Progress::Columns& columns, std::string_view library,
                   std::size_t done, std::size_t all) {
  if (columns) err.write(kErase);
  if (done == all) {
    err.print("{}: {} compiled for Wasm, once for all plugins\n", library, counted(all, "source"));
  } else if (columns) {
    err.print("{}: {} of {} sources", library, done, all);
  }
  err.flush();
}

}  // namespace wasmctl::cli
