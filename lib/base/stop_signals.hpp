// SIGINT, SIGTERM and SIGHUP as an event, for what has to be put away before this process ends: a
// server that it started, a directory.
#pragma once

#include <array>
#include <csignal>

namespace wasmctl::base {

// The signals that ask a process to end.
inline constexpr std::array kStopSignals = {SIGINT, SIGTERM, SIGHUP};

// While one exists, the first of these signals does not end the process, and not what base::run()
// runs only: it ends its children, as always. So it is for work that looks at it: what does not, or
// not yet, comes before. The second one ends the process. A signal that is ignored (as under nohup)
// goes on being ignored. One at a time, on the main thread.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // For poll(): readable as soon as a signal came, and from then on.
  int descriptor() const;
  bool came() const;
  // Throws Error{Code::interrupted} if one came.
  void check() const;
};

}  // namespace wasmctl::base
