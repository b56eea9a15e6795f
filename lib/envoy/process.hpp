// A program that runs beside this one, and does not outlive it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "envoy/loopback.hpp"

namespace wasmctl::envoy {

// Started on the main thread: the system kills it as soon as that ends, however that comes. It has
// a process group of its own, so Ctrl-C on a terminal reaches this process alone.
class Process {
 public:
  // Called on a thread of its own for each line, without its end. One that is longer than 1 MiB
  // comes in parts. As long as it does not return, no more is read, and the program waits. What was
  // written to standard error before a line of standard output comes before that.
  using OnLine = std::function<void(std::string_view line)>;

  // argv[0] is a path, from the `directory` where it runs. Throws Error{Code::tool_missing} if it
  // cannot be started.
  Process(const std::vector<std::string>& argv, const std::filesystem::path& directory,
          OnLine on_out, OnLine on_err);
  // SIGTERM; SIGKILL for what then still runs after two seconds. All lines have come on return.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int pid() const { return pid_; }
  // For poll(): readable once it has ended.
  int descriptor() const { return end_.descriptor(); }
  bool has_ended() const;
  // Waits for the end; the exit status, 128 + N when killed by signal N. All lines have come.
  int wait();

 private:
  void read_lines(OnLine on_out, OnLine on_err);

  int pid_ = -1;
  Socket end_;  // a pidfd
  Socket out_;
  Socket err_;
  std::optional<int> status_;
  std::thread reader_;
};

}  // namespace wasmctl::envoy
