// How far a transfer is: on a terminal a bar that is drawn again and again, else a line every ten
// seconds; nothing at all for what is done at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "cli/output/output.hpp"

namespace wasmctl::cli {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  // How wide the terminal is, asked each time, since its window may change.
  using Columns = std::function<std::size_t()>;

  // `columns` is null where `err` is no terminal.
  Progress(Output err, Columns columns) : err_(err), columns_(std::move(columns)) {}
  // Leaves no bar behind.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // So many bytes more are to be moved, and so many have been. Safe from several threads.
  void add(std::uint64_t expected, std::uint64_t moved, Clock::time_point now);
  // Writes a line where the bar was; the next add() draws the bar again.
  void write_over(const std::function<void()>& write);

  // "18.2 of 50.0 MiB, 36 %, 41.2 MiB/s, 0:01 left"
  static std::string line(std::uint64_t moved, std::uint64_t expected, Seconds elapsed);
  // "[=======>            ]  18.2 of 50.0 MiB   36 %   41.2 MiB/s   0:01 left", in less than
  // `columns`. Its figures stay where they are from one to the next. Where there is no room for
  // all, the bar goes first, then the figures from the last on.
  static std::string bar(std::uint64_t moved, std::uint64_t expected, Seconds elapsed,
                         std::size_t columns);

 private:
  void show(std::string_view text);
  void erase();

  const Output err_;
  const Columns columns_;
  std::mutex mutex_;                        // guards what follows, and the stream
  std::optional<Clock::time_point> start_;  // of the first transfer
  Clock::time_point next_;
  std::uint64_t expected_ = 0;
  std::uint64_t moved_ = 0;
  bool shown_ = false;  // there is a bar to be drawn over
};

// How many sources of a library are compiled: on a terminal a count that is drawn over, and in the
// end a line.
void show_compiled(Output err, const Progress::Columns& columns, std::string_view library,
                   std::size_t done, std::size_t all);

}  // namespace wasmctl::cli
