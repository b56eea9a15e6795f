// Completion in a shell: what could come next in a line that is being typed. The shells' scripts
// (completion_scripts.cpp) ask `wasmctl __complete LINE`, so that they know nothing of commands and
// flags.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/manual/words.hpp"

namespace wasmctl::cli {

enum class Paths : std::uint8_t { none, files, directories };

struct Candidate {
  std::string word;   // in place of the one being typed, the whole of it
  std::string about;  // may be empty
};

struct Completion {
  std::vector<Candidate> candidates;
  Paths paths = Paths::none;  // the shell completes those, too
};

// What the values of arguments and flags may be, where the words of the command line do not say it.
struct KnownValues {
  // Tags of the image layout at a directory.
  std::vector<std::string> (*tags)(const std::string& directory);
  // KIND/NAME of the workloads in a file of manifests.
  std::vector<std::string> (*workloads)(const std::string& file);
};

// `line` is as typed up to the cursor, the program's name first; words are taken apart as a shell
// does.
Completion complete(const CommandWords& program, std::string_view line, const KnownValues& known);

struct Shell {
  std::string_view name;
  std::string_view script;
};

// bash, zsh, fish.
const std::vector<Shell>& shells();

}  // namespace wasmctl::cli
