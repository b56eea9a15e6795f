// Other programs: found on PATH, run without a shell, their output caught. While one runs, SIGINT,
// SIGTERM and SIGHUP end it before they end this process (or reach its StopSignals).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::base {

namespace fs = std::filesystem;

// The process group that a program runs in.
enum class Group : std::uint8_t {
  ours,  // it may ask the terminal, as for a passphrase
  own,   // what it starts ends with it
};

struct Command {
  std::vector<std::string> argv;            // argv[0]: a path, or a name for find_program
  fs::path directory;                       // where it runs; empty: here
  std::string input;                        // its standard input; empty: /dev/null
  std::size_t max_output = 0;               // of each stream, in bytes; 0: without a bound
  std::chrono::milliseconds time_limit{0};  // 0: without a bound
  Group group = Group::ours;
  // Variables of the environment that it is not to see, besides the withheld ones.
  std::span<const std::string_view> unset = {};
  std::vector<std::string> set = {};  // NAME=VALUE: those that it is to see
};

// Hands this variable of the environment to no program that is started from now on: it holds a
// secret, and what compilers run (build scripts, macros) may log all that it is given. That keeps
// it from mishaps; what looks into our memory with our rights finds it. Safe from any thread.
void withhold(std::string_view variable);

struct Finished {
  int status = 0;   // exit status; 128 + N when killed by signal N, as a shell shows it
  std::string out;  // standard output
  std::string err;  // standard error
};

// Runs to the end of the child, whatever processes it leaves behind. This process must ignore
// SIGPIPE, as main() sees to: a child may end without reading its input. Throws
// Error{Code::tool_missing} if it cannot be started, naming argv[0], and Error{Code::io} if it goes
// beyond one of its bounds; then all that run are killed.
Finished run(const Command& command);

// Runs all, at most `jobs` at a time (and never more than 256); results in the order of `commands`.
// `on_finish`, which may be null, is told of each when it has ended.
using OnFinish = std::function<void(std::size_t index, const Finished& finished)>;
std::vector<Finished> run_all(std::span<const Command> commands, unsigned jobs,
                              const OnFinish& on_finish = {});

// The program as execvp would find it on `path` (the value of PATH), but for entries that are not
// absolute: what lies in the working directory may be somebody else's.
// Source: Go's os/exec, "Executables in the current directory".
std::optional<fs::path> find_program(std::string_view name, std::string_view path);

// The command line as one could paste it into a shell.
std::string to_shell(std::span<const std::string> argv);

}  // namespace wasmctl::base
