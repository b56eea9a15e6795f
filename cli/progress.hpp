// How far a transfer is: on a terminal one line that is written again and again, else a line every
// ten seconds; nothing at all for what is done at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <mutex>
#include <optional>
#include <string>

namespace wasmctl::cli {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  Progress(std::ostream& err, bool terminal) : err_(err), terminal_(terminal) {}
  // Leaves no line behind.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // So many bytes more are to be moved, and so many have been. Safe from several threads.
  void add(std::uint64_t expected, std::uint64_t moved, Clock::time_point now);
  // Makes room for another line; the next add() writes it again.
  void clear();

  // "18.2 MiB of 50.0 MiB, 36 %, 41.2 MiB/s, 0:01 left"
  static std::string describe(std::uint64_t moved, std::uint64_t expected,
                              std::chrono::duration<double> elapsed);

 private:
  void erase();

  std::ostream& err_;
  const bool terminal_;
  std::mutex mutex_;                        // guards what follows, and the stream
  std::optional<Clock::time_point> start_;  // of the first transfer
  Clock::time_point next_;
  std::uint64_t expected_ = 0;
  std::uint64_t moved_ = 0;
  bool shown_ = false;  // there is a line to be written over
};

}  // namespace wasmctl::cli
