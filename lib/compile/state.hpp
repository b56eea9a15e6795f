// What the build directory's objects were made from, so that only what changed is made again: like
// ninja's log, a file's size and time stand for its content.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace wasmctl::compile {

namespace fs = std::filesystem;

// Nanoseconds since the epoch, on the clock that file times are taken from.
using FileClock = std::int64_t;
FileClock file_clock_now();

// When a file last changed; 0 if it does not exist.
FileClock file_time(const fs::path& file);

// The size and the time of the last change of a file; empty if it does not exist.
std::string fingerprint(const fs::path& file);

struct Step {
  std::string command;                        // all that determines the output beside the inputs
  std::map<std::string, std::string> inputs;  // path -> fingerprint
  std::string output;                         // fingerprint
};

// What is off until a source of the plugin turns out to use it.
struct Needs {
  bool rtti = false;        // dynamic_cast, typeid
  bool exceptions = false;  // throw, try
  bool old_names = false;   // names that the SDK had before C++17

  bool operator==(const Needs&) const = default;
};

// Whose the outputs' directory is: the user's cache, or a plugin's, with which a stranger may have
// sent outputs of his own, a state that calls them fresh, and times to fit. There the time counts,
// too, at which the file system saw the output change, which nobody can set.
enum class Directory : std::uint8_t { cache, plugins };

struct State {
  Directory directory = Directory::plugins;
  std::map<std::string, Step> steps;  // path of the output -> how it was made
  std::string flags;                  // of the command line that the module was made with, as typed
  Needs needs;

  // True if `output` is as the step made it, from the same inputs with the same command.
  bool is_fresh(const fs::path& output, const std::string& command) const;
  // True if `output` is as a step made it, whatever has become of its inputs.
  bool made(const fs::path& output) const;
  // Notes that `output` was made by a command that began at `started`. An input that changed since
  // counts as changed: the command may have read it before.
  void record(const fs::path& output, std::string command, const std::vector<fs::path>& inputs,
              FileClock started);
};

// An absent or unreadable file gives an empty state: everything is made anew.
State load_state(const fs::path& file, Directory directory);
void save_state(const fs::path& file, const State& state);

}  // namespace wasmctl::compile
