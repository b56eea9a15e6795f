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

// The size and the time of the last change of a file; empty if it does not exist.
std::string fingerprint(const fs::path& file);

struct Step {
  std::string command;                        // all that determines the output beside the inputs
  std::map<std::string, std::string> inputs;  // path -> fingerprint
  std::string output;                         // fingerprint
};

struct State {
  std::map<std::string, Step> steps;  // path of the output -> how it was made
  bool rtti = false;                  // the plugin uses dynamic_cast or typeid
  bool exceptions = false;            // the plugin uses throw or try

  // True if `output` stands as the step made it, from the same inputs with the same command.
  bool is_fresh(const fs::path& output, const std::string& command) const;
  // Notes that `output` was made by a command that began at `started`. An input that changed since
  // counts as changed: the command may have read it before.
  void record(const fs::path& output, std::string command, const std::vector<fs::path>& inputs,
              FileClock started);
};

// An absent or unreadable file gives an empty state: everything is made anew.
State load_state(const fs::path& file);
void save_state(const fs::path& file, const State& state);

}  // namespace wasmctl::compile
