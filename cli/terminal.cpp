#include "cli/terminal.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <utility>
#include <vector>

namespace wasmctl::cli {

namespace {

constexpr std::size_t kMaxLineBytes = 64 * 1024;

// What a signal that ends the process puts right first: one terminal at a time.
volatile std::sig_atomic_t changed_terminal = -1;
termios terminal_before = {};

// All of it may be done in a handler, and the handler is for one signal only (SA_RESETHAND).
extern "C" void restore_terminal_and_die(int signal) {
  ::tcsetattr(changed_terminal, TCSANOW, &terminal_before);
  ::raise(signal);
}

class Terminal {
 public:
  explicit Terminal(Echo echo) : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (fd_ >= 0 && ::tcgetattr(fd_, &before_) != 0) {
      ::close(fd_);
      fd_ = -1;
    }
    if (echo == Echo::on || !is_there()) return;
    terminal_before = before_;
    changed_terminal = fd_;
    catch_signals();
    auto changed = before_;
    changed.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &changed);
  }
  ~Terminal() {
    if (!is_there()) return;
    ::tcsetattr(fd_, TCSAFLUSH, &before_);
    for (const auto& [signal, action] : actions_before_) ::sigaction(signal, &action, nullptr);
    ::close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool is_there() const { return fd_ >= 0; }

  std::string ask(std::string_view question) {
    write(question);
    std::string line;
    char c = 0;
    while (line.size() < kMaxLineBytes && ::read(fd_, &c, 1) == 1 && c != '\n') line += c;
    return line;
  }
  void write(std::string_view text) {
    static_cast<void>(::write(fd_, text.data(), text.size()) == 0);
  }

 private:
  // Not those that whoever started us wants ignored (nohup).
  void catch_signals() {
    struct sigaction action = {};
    action.sa_handler = &restore_terminal_and_die;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
      struct sigaction before = {};
      ::sigaction(signal, nullptr, &before);
      if (before.sa_handler != SIG_DFL) continue;
      ::sigaction(signal, &action, nullptr);
      actions_before_.emplace_back(signal, before);
    }
  }

  int fd_;
  termios before_ = {};
  std::vector<std::pair<int, struct sigaction>> actions_before_;
};

}  // namespace

std::optional<std::string> ask_on_terminal(std::string_view question, Echo echo) {
  Terminal terminal(echo);
  if (!terminal.is_there()) return std::nullopt;
  auto line = terminal.ask(question);
  if (echo == Echo::off) terminal.write("\n");
  return line;
}

}  // namespace wasmctl::cli
