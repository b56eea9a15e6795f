#include "base/stop_signals.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/error.hpp"

namespace wasmctl::base {

namespace {

std::atomic<int> stop_event = -1;  // of the one object
std::atomic<bool> stop_came = false;
std::array<struct sigaction, kStopSignals.size()> reactions_before;

extern "C" void note_stop(int signal) {
  const int error = errno;
  if (stop_came.exchange(true)) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);  // comes when this handler returns
    return;
  }
  constexpr std::uint64_t kOne = 1;
  [[maybe_unused]] const auto written = ::write(stop_event, &kOne, sizeof kOne);
  errno = error;
}

}  // namespace

StopSignals::StopSignals() {
  stop_event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_event < 0) {
    throw Error(Code::io, fmt::format("cannot make an event: {}", std::strerror(errno)));
  }
  stop_came = false;
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
    ::sigaction(kStopSignals[i], nullptr, &reactions_before[i]);
    if (reactions_before[i].sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = &note_stop;
    ::sigaction(kStopSignals[i], &action, nullptr);
  }
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
    ::sigaction(kStopSignals[i], &reactions_before[i], nullptr);
  }
  ::close(stop_event.exchange(-1));
}

int StopSignals::descriptor() const {
  return stop_event;
}

bool StopSignals::came() const {
  return stop_came;
}

void StopSignals::check() const {
  if (came()) throw Error(Code::interrupted, "stopped by a signal");
}

}  // namespace wasmctl::base
