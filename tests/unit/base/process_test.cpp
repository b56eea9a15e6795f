#include "base/process.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/stop_signals.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

namespace {

class WorkingIn {
 public:
  explicit WorkingIn(const base::fs::path& directory) { base::fs::current_path(directory); }
  ~WorkingIn() { base::fs::current_path(before_); }
  WorkingIn(const WorkingIn&) = delete;
  WorkingIn& operator=(const WorkingIn&) = delete;

 private:
  base::fs::path before_ = base::fs::current_path();
};

}  // namespace

TEST_CASE("run catches both streams, the status and the signal") {
  const auto both = base::run({{"sh", "-c", "echo out; echo err >&2; exit 3"}, {}, {}});
  CHECK(both.out == "out\n");
  CHECK(both.err == "err\n");
  CHECK(both.status == 3);
  CHECK(base::run({{"sh", "-c", "kill -9 $$"}, {}, {}}).status == 137);
  CHECK(base::run({{"pwd"}, "/", {}}).out == "/\n");
}

TEST_CASE("run feeds and drains at once, whatever the sizes") {
  const std::string much(1'000'000, 'x');  // more than any pipe holds
  CHECK(base::run({{"cat"}, {}, much}).out == much);
  CHECK(base::run({{"true"}, {}, much}).status == 0);  // a child that does not read
}

TEST_CASE("run_all keeps the order of the commands, however many run at a time") {
  std::vector<base::Command> commands;
  for (int i = 0; i < 20; ++i) {
    commands.push_back(
        {{"sh", "-c", fmt::format("sleep 0.0{}; echo {}", (20 - i) % 10, i)}, {}, {}});
  }
  for (const unsigned jobs : {0U, 1U, 4U, 100U}) {
    const auto results = base::run_all(commands, jobs);
    REQUIRE(results.size() == commands.size());
    for (int i = 0; i < 20; ++i)
      CHECK(results[static_cast<std::size_t>(i)].out == fmt::format("{}\n", i));
  }
  CHECK(base::run_all({}, 4).empty());
}

TEST_CASE("run kills what goes beyond its bounds, and says which") {
  base::Command command{{"yes"}, {}, {}};
  command.max_output = 100'000;
  CHECK_THROWS_WITH_AS(base::run(command), "`yes` wrote more than 100000 bytes and was killed",
                       Error);
  command.max_output = 0;
  command.time_limit = std::chrono::milliseconds(100);
  const std::string slow = "did not end within 0.1 s and was killed";
  command.argv = {"sleep", "60"};
  CHECK_THROWS_WITH_AS(base::run(command), ("`sleep` " + slow).c_str(), Error);
  command.argv = {"sh", "-c", "exec sleep 60 >&- 2>&-"};
  CHECK_THROWS_WITH_AS(base::run(command), ("`sh` " + slow).c_str(), Error);
  command.argv = {"sh", "-c", "exec sleep 0.03 >&- 2>&-"};
  CHECK(base::run(command).status == 0);
}

TEST_CASE("run leaves variables out of the environment, and sets others") {
  constexpr std::string_view kUnset[] = {"WASMCTL_TEST_A"};
  ::setenv("WASMCTL_TEST_A", "a", 1);
  ::setenv("WASMCTL_TEST_AB", "b", 1);
  base::Command command{{"sh", "-c", "echo $WASMCTL_TEST_A $WASMCTL_TEST_AB"}, {}, {}};
  CHECK(base::run(command).out == "a b\n");
  command.unset = kUnset;
  CHECK(base::run(command).out == "b\n");
  command.set = {"WASMCTL_TEST_A=c", "WASMCTL_TEST_AB=d=e"};
  CHECK(base::run(command).out == "c d=e\n");
}

TEST_CASE("a secret of the environment is handed to no program") {
  ::setenv("WASMCTL_TEST_SECRET", "s", 1);
  base::Command command{{"sh", "-c", "echo ${WASMCTL_TEST_SECRET-none}"}, {}, {}};
  CHECK(base::run(command).out == "s\n");
  base::withhold("WASMCTL_TEST_SECRET");
  CHECK(base::run(command).out == "none\n");
  command.set = {"WASMCTL_TEST_SECRET=own"};
  CHECK(base::run(command).out == "own\n");
}

TEST_CASE("what a program of a group of its own has started is killed with it") {
  const base::TemporaryDirectory directory;
  const auto lock = (directory.path() / "lock").native();
  base::Command command{{"sh", "-c", "flock " + lock + " sleep 60 & wait"}, {}, {}};
  command.group = base::Group::own;
  command.time_limit = std::chrono::milliseconds(100);
  CHECK_THROWS_AS(base::run(command), Error);
  CHECK(base::run({{"flock", "-w", "20", lock, "true"}, {}, {}}).status == 0);
}

TEST_CASE("run says which program is missing") {
  CHECK_THROWS_WITH_AS(base::run({{"/no/such/program"}, {}, {}}),
                       "cannot run `/no/such/program`: No such file or directory", Error);
}

TEST_CASE("run starts nothing that lies around") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "wasmctl-lies-around";
  base::write_file(file, "#!/bin/sh\necho ran\n");
  base::fs::permissions(file, base::fs::perms::owner_all);
  const std::string before = std::getenv("PATH");
  const WorkingIn there(directory.path());
  for (const std::string& path :
       {":" + before, before + ":", before + "::/nowhere", std::string()}) {
    CAPTURE(path);
    ::setenv("PATH", path.c_str(), 1);
    CHECK_THROWS_WITH_AS(
        base::run({{"wasmctl-lies-around"}, {}, {}}),
        "cannot run `wasmctl-lies-around`: PATH has no such program that may be run", Error);
  }
  ::setenv("PATH", (":" + directory.path().native()).c_str(), 1);
  CHECK(base::run({{"wasmctl-lies-around"}, {}, {}}).out == "ran\n");
  ::setenv("PATH", before.c_str(), 1);
  CHECK(base::run({{"./wasmctl-lies-around"}, {}, {}}).out == "ran\n");  // named as a path
}

TEST_CASE("run does not wait for what a child leaves behind") {
  const auto start = std::chrono::steady_clock::now();
  for (const char* streams : {"", "2>&-", ">&-"}) {
    CAPTURE(streams);
    const auto script = fmt::format("sleep 2 {} & echo out; echo err >&2; exit 3", streams);
    base::Command command{{"sh", "-c", script}, {}, {}};
    command.time_limit = std::chrono::seconds(1);
    const auto done = base::run(command);
    CHECK(done.out == "out\n");
    CHECK(done.err == "err\n");
    CHECK(done.status == 3);
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
}

TEST_CASE("find_program looks where execvp looks, but never in the working directory") {
  CHECK(base::find_program("sh", "/nowhere:/bin") == "/bin/sh");
  CHECK(base::find_program("/bin/sh", "") == "/bin/sh");
  const WorkingIn bin("/bin");
  for (const char* path : {"", ":", "/nowhere::", ":/nowhere", ".", "./", "../bin"}) {
    CAPTURE(path);
    CHECK_FALSE(base::find_program("sh", path).has_value());
    CHECK(base::find_program("sh", fmt::format("{}:/bin", path)) == "/bin/sh");
  }
  CHECK_FALSE(base::find_program("bin", "/").has_value());  // a directory
}

TEST_CASE("to_shell can be pasted") {
  const std::vector<std::string> argv = {"cc", "-DX=1", "a b", "it's", "", "$HOME"};
  CHECK(base::to_shell(argv) == "cc -DX=1 'a b' 'it'\\''s' '' '$HOME'");
}

TEST_CASE("a second signal kills a child that ignores the first") {
  std::array<int, 2> alive{};  // at its end once nobody has it
  REQUIRE(::pipe(alive.data()) == 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const base::StopSignals stop;
    base::Command command{
        {"sh", "-c", "trap '' TERM INT; kill -TERM $PPID; kill -INT $PPID; sleep 9"}, {}, {}};
    command.group = base::Group::own;
    base::run(command);
    ::_exit(0);
  }
  ::close(alive[1]);
  pollfd end{alive[0], POLLIN, 0};
  CHECK(::poll(&end, 1, 5000) == 1);
  ::waitpid(pid, nullptr, 0);
  ::close(alive[0]);
}
