#include "base/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <paths.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/stop_signals.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it undeclared

namespace wasmctl::base {

namespace {

struct Pipe {
  int read = -1;
  int write = -1;

  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw Error(Code::io, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    }
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_read() {
    if (read >= 0) ::close(std::exchange(read, -1));
  }
  void close_write() {
    if (write >= 0) ::close(std::exchange(write, -1));
  }
};

constexpr std::size_t kMostAtOnce = 256;

// What is running, for the handler of signals: a process, or minus a process group; 0: free.
std::array<std::atomic<pid_t>, 2 * kMostAtOnce> running_processes;

// What this process did at the signals that ask it to end, before the handler came.
std::array<struct sigaction, kStopSignals.size()> usual_reactions;

std::atomic<bool> was_asked_to_stop = false;

// Asks them to end, at the second signal makes them. Then does what is usual: what this process
// itself has for that, or it ends.
extern "C" void stop_all(int signal) {
  const int how = was_asked_to_stop.exchange(true) ? SIGKILL : SIGTERM;
  for (auto& process : running_processes) {
    if (const pid_t pid = process; pid != 0) ::kill(pid, how);
  }
  const auto* const at = std::ranges::find(kStopSignals, signal);
  const auto usual = usual_reactions[static_cast<std::size_t>(at - kStopSignals.begin())];
  if (usual.sa_handler != SIG_DFL) return usual.sa_handler(signal);
  ::signal(signal, SIG_DFL);
  ::raise(signal);  // comes when this handler returns
}

// While it exists, a signal that ends this process ends what it runs, too. One that is ignored (as
// under nohup) goes on being ignored.
class StopHandlers {
 public:
  StopHandlers() {
    const std::lock_guard lock(mutex_);
    if (users_++ > 0) return;
    was_asked_to_stop = false;
    for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
      ::sigaction(kStopSignals[i], nullptr, &usual_reactions[i]);
      if (usual_reactions[i].sa_handler == SIG_IGN) continue;
      struct sigaction action = {};
      action.sa_handler = &stop_all;
      ::sigaction(kStopSignals[i], &action, nullptr);
    }
  }
  ~StopHandlers() {
    const std::lock_guard lock(mutex_);
    if (--users_ > 0) return;
    for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
      ::sigaction(kStopSignals[i], &usual_reactions[i], nullptr);
    }
  }
  StopHandlers(const StopHandlers&) = delete;
  StopHandlers& operator=(const StopHandlers&) = delete;

 private:
  inline static std::mutex mutex_;  // run_all() is called from several threads
  inline static int users_ = 0;
};

// On this thread those signals wait while it exists: a process has just begun and is not yet known
// to the handler.
class StopsBlocked {
 public:
  StopsBlocked() {
    sigset_t stops;
    ::sigemptyset(&stops);
    for (const int signal : kStopSignals) ::sigaddset(&stops, signal);
    ::pthread_sigmask(SIG_BLOCK, &stops, &before_);
  }
  ~StopsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  StopsBlocked(const StopsBlocked&) = delete;
  StopsBlocked& operator=(const StopsBlocked&) = delete;
  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_{};
};

// The child starts with the default reaction to SIGPIPE, which main() has set to ignore.
class SpawnAttributes {
 public:
  SpawnAttributes(Group group, const sigset_t& mask) {
    ::posix_spawnattr_init(&attributes_);
    sigset_t defaults;
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setsigmask(&attributes_, &mask);
    int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    if (group == Group::own) flags |= POSIX_SPAWN_SETPGROUP;  // its number is the child's own
    ::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
  }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

struct Withheld {
  std::mutex mutex;
  std::set<std::string, std::less<>> names;
};

Withheld& withheld() {
  static Withheld variables;
  return variables;
}

// This process's environment but for what is withheld and what the command says of it, as execve()
// wants it.
std::vector<char*> environment_of(const Command& command) {
  const std::scoped_lock lock(withheld().mutex);
  const auto name_of = [](std::string_view variable) {
    return variable.substr(0, variable.find('='));
  };
  std::vector<char*> variables;
  for (char* const* variable = environ; *variable != nullptr; ++variable) {
    const auto name = name_of(*variable);
    const bool is_set =
        std::ranges::any_of(command.set, [&](const auto& own) { return name_of(own) == name; });
    if (is_set || withheld().names.contains(name)) continue;
    if (std::ranges::find(command.unset, name) != command.unset.end()) continue;
    variables.push_back(*variable);
  }
  for (const auto& own : command.set) variables.push_back(const_cast<char*>(own.c_str()));
  variables.push_back(nullptr);
  return variables;
}

// posix_spawnp would look into the working directory where PATH has an empty entry.
std::string on_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* path = std::getenv("PATH");
  const auto found = find_program(program, path == nullptr ? _PATH_DEFPATH : path);
  if (!found) {
    throw Error(Code::tool_missing,
                fmt::format("cannot run `{}`: PATH has no such program that may be run", program));
  }
  return found->native();
}

// What is in a pipe by now.
std::string rest_of(int pipe) {
  int size = 0;
  if (pipe < 0 || ::ioctl(pipe, FIONREAD, &size) != 0 || size <= 0) return {};
  std::string bytes(static_cast<std::size_t>(size), '\0');
  const auto got = ::read(pipe, bytes.data(), bytes.size());
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

// A running child with its three streams.
class Child {
 public:
  explicit Child(const Command& command) : command_(command) {
    log_info(to_shell(command.argv));
    SpawnActions actions;
    if (command_.input.empty()) {
      ::posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDONLY, 0);
      stdin_.close_write();
    } else {
      ::posix_spawn_file_actions_adddup2(actions.get(), stdin_.read, 0);
      ::fcntl(stdin_.write, F_SETFL, O_NONBLOCK);
    }
    ::posix_spawn_file_actions_adddup2(actions.get(), stdout_.write, 1);
    ::posix_spawn_file_actions_adddup2(actions.get(), stderr_.write, 2);
    if (!command.directory.empty()) {
      ::posix_spawn_file_actions_addchdir_np(actions.get(), command.directory.c_str());
    }
    std::vector<char*> argv;
    argv.reserve(command.argv.size() + 1);
    for (const auto& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    spawn(actions, argv);
    stdin_.close_read();
    stdout_.close_write();
    stderr_.close_write();
    // glibc 2.36 declares pidfd_open() for C alone.
    end_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  }
  ~Child() {
    if (pid_ > 0) kill();
    if (end_ >= 0) ::close(end_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // What poll() is to wait for.
  void add_to(std::vector<pollfd>& waiting) const {
    if (end_ >= 0) waiting.push_back({end_, POLLIN, 0});
    if (stdin_.write >= 0) waiting.push_back({stdin_.write, POLLOUT, 0});
    if (stdout_.read >= 0) waiting.push_back({stdout_.read, POLLIN, 0});
    if (stderr_.read >= 0) waiting.push_back({stderr_.read, POLLIN, 0});
  }

  void serve(const pollfd& ready) {
    if (ready.revents == 0) return;
    if (ready.fd == end_) {
      take_rest();
    } else if (ready.fd == stdin_.write) {
      feed();
    } else if (ready.fd == stdout_.read) {
      if (!drain(stdout_.read, finished_.out)) stdout_.close_read();
    } else if (ready.fd == stderr_.read) {
      if (!drain(stderr_.read, finished_.err)) stderr_.close_read();
    }
  }

  bool done() const { return stdout_.read < 0 && stderr_.read < 0; }

  // What it did that it may not; empty: nothing.
  std::string beyond_bounds() const {
    const auto most = command_.max_output;
    if (most > 0 && std::max(finished_.out.size(), finished_.err.size()) > most) {
      return fmt::format("wrote more than {} bytes", most);
    }
    if (time_left() == std::chrono::milliseconds::zero()) {
      return fmt::format(
          "did not end within {} s",
          std::chrono::duration_cast<std::chrono::duration<double>>(command_.time_limit).count());
    }
    return {};
  }

  // Null for a child that may take its time.
  std::optional<std::chrono::milliseconds> time_left() const {
    if (command_.time_limit == std::chrono::milliseconds::zero()) return std::nullopt;
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - started_);
    return std::max(std::chrono::milliseconds::zero(), command_.time_limit - spent);
  }

  const std::string& program() const { return command_.argv[0]; }

  void kill() {
    ::kill(target(), SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    forget();
  }

  // Null if it has closed its streams and runs on.
  std::optional<Finished> wait() {
    int status = 0;
    pid_t ended = 0;
    do {
      ended = ::waitpid(pid_, &status, time_left() ? WNOHANG : 0);
    } while (ended < 0 && errno == EINTR);
    if (ended == 0) return std::nullopt;
    forget();
    finished_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return std::move(finished_);
  }

 private:
  void spawn(SpawnActions& actions, std::vector<char*>& argv) {
    const auto environment = environment_of(command_);
    const auto program = on_path(command_.argv[0]);
    const StopsBlocked blocked;
    SpawnAttributes attributes(command_.group, blocked.before());
    const int error = ::posix_spawn(&pid_, program.c_str(), actions.get(), attributes.get(),
                                    argv.data(), environment.data());
    if (error != 0) {
      pid_ = -1;
      throw Error(Code::tool_missing,
                  fmt::format("cannot run `{}`: {}", command_.argv[0], std::strerror(error)));
    }
    for (auto& entry : running_processes) {
      pid_t free = 0;
      if (!entry.compare_exchange_strong(free, target())) continue;
      entry_ = &entry;
      return;
    }
  }

  // Whom a signal is sent to: the process, or its group.
  pid_t target() const { return command_.group == Group::own ? -pid_ : pid_; }

  // It has ended, and its number may soon be another's.
  void forget() {
    if (entry_ != nullptr) *std::exchange(entry_, nullptr) = 0;
    pid_ = -1;
  }

  // False at the end of the stream.
  static bool drain(int fd, std::string& into) {
    std::array<char, 65536> buffer;  // NOLINT: filled by read
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got > 0) into.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0 || (got < 0 && errno == EINTR);
  }

  // A process that it left behind may hold its streams open for as long as it likes.
  void take_rest() {
    finished_.out += rest_of(stdout_.read);
    finished_.err += rest_of(stderr_.read);
    stdout_.close_read();
    stderr_.close_read();
  }

  void feed() {
    const auto sent =
        ::write(stdin_.write, command_.input.data() + fed_, command_.input.size() - fed_);
    if (sent > 0) fed_ += static_cast<std::size_t>(sent);
    const bool broken = sent < 0 && errno != EAGAIN && errno != EINTR;  // the child reads no more
    if (broken || fed_ == command_.input.size()) stdin_.close_write();
  }

  Command command_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::size_t fed_ = 0;
  Pipe stdin_;
  Pipe stdout_;
  Pipe stderr_;
  pid_t pid_ = -1;
  std::atomic<pid_t>* entry_ = nullptr;  // in running_processes
  int end_ = -1;  // ready when the child has ended; -1 before Linux 5.3: its streams' ends tell
  Finished finished_;
};

using Running = std::map<std::size_t, Child>;  // by index

void enforce_bounds(const Running& running) {
  for (const auto& [index, child] : running) {
    const auto beyond = child.beyond_bounds();
    if (beyond.empty()) continue;
    throw Error(Code::io, fmt::format("`{}` {} and was killed", child.program(), beyond));
  }
}

// For poll(): the time until a child may be beyond its own; -1: whatever it takes.
int shortest_time_left(const Running& running) {
  // A child without streams is not seen by poll().
  constexpr std::chrono::milliseconds kUntilItEnds{10};
  std::optional<std::chrono::milliseconds> shortest;
  for (const auto& [index, child] : running) {
    const auto left = child.done() ? std::optional(kUntilItEnds) : child.time_left();
    if (left && (!shortest || *left < *shortest)) shortest = left;
  }
  return shortest ? static_cast<int>(shortest->count()) : -1;
}

}  // namespace

void withhold(std::string_view variable) {
  const std::scoped_lock lock(withheld().mutex);
  withheld().names.emplace(variable);
}

Finished run(const Command& command) {
  return std::move(run_all({&command, 1}, 1).front());
}

std::vector<Finished> run_all(std::span<const Command> commands, unsigned jobs,
                              const OnFinish& on_finish) {
  const auto at_once = std::clamp<std::size_t>(jobs, 1, kMostAtOnce);
  const StopHandlers handlers;
  std::vector<Finished> results(commands.size());
  Running running;  // what is left of it when an error is thrown is killed
  std::size_t next = 0;
  while (next < commands.size() || !running.empty()) {
    while (next < commands.size() && running.size() < at_once) {
      running.try_emplace(next, commands[next]);
      ++next;
    }
    std::vector<pollfd> waiting;
    for (const auto& [index, child] : running) child.add_to(waiting);
    if (::poll(waiting.data(), waiting.size(), shortest_time_left(running)) < 0 && errno != EINTR) {
      throw Error(Code::io, fmt::format("cannot wait for a child: {}", std::strerror(errno)));
    }
    for (const auto& ready : waiting) {
      for (auto& [index, child] : running) child.serve(ready);
    }
    for (auto it = running.begin(); it != running.end();) {
      auto finished = it->second.done() ? it->second.wait() : std::nullopt;
      if (finished) {
        const auto index = it->first;
        results[index] = std::move(*finished);
        it = running.erase(it);
        if (on_finish) on_finish(index, results[index]);
      } else {
        ++it;
      }
    }
    enforce_bounds(running);
  }
  return results;
}

std::optional<fs::path> find_program(std::string_view name, std::string_view path) {
  const auto executable = [](const fs::path& file) {
    std::error_code ignored;
    return ::access(file.c_str(), X_OK) == 0 && fs::is_regular_file(file, ignored);
  };
  if (name.find('/') != std::string_view::npos) {
    return executable(name) ? std::optional<fs::path>(name) : std::nullopt;
  }
  while (!path.empty()) {
    const auto colon = std::min(path.find(':'), path.size());
    const auto directory = path.substr(0, colon);
    path.remove_prefix(std::min(colon + 1, path.size()));
    // "" and "." mean the working directory: never run what lies around.
    if (!directory.starts_with('/')) continue;
    auto file = fs::path(directory) / name;
    if (executable(file)) return file;
  }
  return std::nullopt;
}

std::string to_shell(std::span<const std::string> argv) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  std::string line;
  for (const auto& word : argv) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) {
      if (c == '\'') {
        line += "'\\''";
      } else {
        line += c;
      }
    }
    line += '\'';
  }
  return line;
}

}  // namespace wasmctl::base
