#include "envoy/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "base/stop_signals.hpp"

namespace wasmctl::envoy {

namespace {

constexpr int kTimeToEndMs = 2000;
constexpr std::size_t kLongestLine = 1U << 20U;

// Its reading end does not block.
std::pair<Socket, Socket> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(Code::io, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {Socket(ends[0]), Socket(ends[1])};
}

// In the child, where nothing may be called that takes memory or locks.
[[noreturn]] void become(const char* directory, char* const* argv, pid_t parent, int out, int err,
                         int null, int report) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it has ended before it could be told of
  for (const int signal : base::kStopSignals) ::signal(signal, SIG_DFL);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(null, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  if (::chdir(directory) == 0) ::execv(argv[0], argv);
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(report, &error, sizeof error);
  ::_exit(127);
}

bool is_ended(int pidfd, int patience_ms) {
  pollfd end{pidfd, POLLIN, 0};
  while (true) {
    const int ready = ::poll(&end, 1, patience_ms);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

// Hands on the whole lines of a stream.
class Lines {
 public:
  Lines(int descriptor, Process::OnLine on_line)
      : descriptor_(descriptor), on_line_(std::move(on_line)) {}

  int descriptor() const { return descriptor_; }

  // Takes what is there; false if nothing is.
  bool fill() {
    std::array<char, 65536> buffer;  // NOLINT: filled by read
    const auto got = descriptor_ < 0 ? -1 : ::read(descriptor_, buffer.data(), buffer.size());
    if (got == 0) descriptor_ = -1;
    if (got > 0) rest_.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  void hand_on() {
    std::size_t begin = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
      on_line_(std::string_view(rest_).substr(begin, end - begin));
      begin = end + 1;
    }
    rest_.erase(0, begin);
    const bool is_last = descriptor_ < 0 && !rest_.empty();
    if (is_last || rest_.size() > kLongestLine) on_line_(std::exchange(rest_, {}));
  }

 private:
  int descriptor_;  // -1: at its end
  Process::OnLine on_line_;
  std::string rest_;
};

}  // namespace

Process::Process(const std::vector<std::string>& argv, const std::filesystem::path& directory,
                 OnLine on_out, OnLine on_err) {
  base::log_info(base::to_shell(argv));
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  auto out = make_pipe();
  auto err = make_pipe();
  auto report = make_pipe();
  const Socket null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (null.descriptor() < 0) {
    throw Error(Code::io, fmt::format("cannot open /dev/null: {}", std::strerror(errno)));
  }
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    become(directory.c_str(), words.data(), parent, out.second.descriptor(),
           err.second.descriptor(), null.descriptor(), report.second.descriptor());
  }
  int error = pid_ < 0 ? errno : 0;
  out.second = Socket();
  err.second = Socket();
  report.second = Socket();
  pollfd started{report.first.descriptor(), POLLIN, 0};  // at its end once execv() has succeeded
  ::poll(&started, 1, -1);
  if (pid_ > 0 && ::read(report.first.descriptor(), &error, sizeof error) > 0) {
    ::waitpid(pid_, nullptr, 0);
  }
  if (error != 0) {
    throw Error(Code::tool_missing,
                fmt::format("cannot run `{}`: {}", argv[0], std::strerror(error)));
  }
  end_ = Socket(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (end_.descriptor() < 0) {
    error = errno;
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    throw Error(Code::io,
                fmt::format("cannot watch `{}`: pidfd_open: {}", argv[0], std::strerror(error)))
        .hint("it takes Linux 5.3 or later, and a sandbox that lets pidfd_open through");
  }
  out_ = std::move(out.first);
  err_ = std::move(err.first);
  reader_ = std::thread(&Process::read_lines, this, std::move(on_out), std::move(on_err));
}

Process::~Process() {
  if (!status_) {
    ::kill(-pid_, SIGTERM);
    if (!is_ended(end_.descriptor(), kTimeToEndMs)) ::kill(-pid_, SIGKILL);
  }
  wait();
}

bool Process::has_ended() const {
  return status_ || is_ended(end_.descriptor(), 0);
}

int Process::wait() {
  if (status_) return *status_;
  is_ended(end_.descriptor(), -1);
  ::kill(-pid_, SIGKILL);  // what it may have left behind: until it is waited for, so is its number
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  reader_.join();
  return *status_;
}

// Until both streams end, or the process does and all that it wrote is read.
void Process::read_lines(OnLine on_out, OnLine on_err) {
  Lines out(out_.descriptor(), std::move(on_out));
  Lines err(err_.descriptor(), std::move(on_err));
  while (out.descriptor() >= 0 || err.descriptor() >= 0) {
    std::array<pollfd, 3> waiting = {{{out.descriptor(), POLLIN, 0},
                                      {err.descriptor(), POLLIN, 0},
                                      {end_.descriptor(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[0].revents != 0) out.fill();
    while (err.fill()) err.hand_on();
    err.hand_on();
    out.hand_on();
    // Another process may hold the streams open.
    if (waiting[0].revents == 0 && waiting[1].revents == 0 && waiting[2].revents != 0) return;
  }
}

}  // namespace wasmctl::envoy
