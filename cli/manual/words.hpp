// What the command line says of itself. It is read from CLI11's tree of commands and flags, and the
// help, the man pages, the pages of docs/commands and the shells' completions are all made from it:
// so nothing is said twice.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wasmctl::cli {

struct ArgumentWords {
  std::string name;  // "SOURCE"
  std::string meaning;
  std::vector<std::string> choices;  // the only words that it takes; empty: any
  bool required = false;
  bool repeats = false;
};

struct FlagWords {
  std::vector<std::string> names;    // "-q", "--quiet": the short one first
  std::string value;                 // "FILE"; empty: it takes none
  std::vector<std::string> choices;  // the only words that it takes; empty: any
  std::string meaning;
  std::string heading;   // that it stands under; empty: the command's own flags
  std::string variable;  // of the environment, that sets it as well
  bool repeats = false;

  const std::string& name() const { return names.back(); }
};

struct CommandWords {
  std::string name;     // "push"; of the whole program "wasmctl"
  std::string purpose;  // a line without a full stop
  std::vector<ArgumentWords> arguments;
  std::vector<FlagWords> flags;
  std::string notes;                  // paragraphs; may be empty
  std::vector<std::string> examples;  // lines as typed
  std::vector<CommandWords> commands;
};

// The flags of every command, which are the program's own, stand under this heading, last.
inline constexpr char kCommonHeading[] = "With every command";

// Of the program and all its commands but hidden ones. A command's footer is its notes, and after a
// line "Examples:" its examples.
CommandWords words_of(const CLI::App& root);

// All that is said of a flag: its meaning, that it may be repeated, the variable that sets it.
std::string meaning_of(const FlagWords& flag);

// The headings of a command's flags, in order, each with its flags: "Flags" for its own.
struct FlagSection {
  std::string heading;
  std::vector<const FlagWords*> flags;
};
std::vector<FlagSection> sections_of(const CommandWords& command);

// "SOURCE [IMAGE]", "[FILE...]"
std::string arguments_line(const CommandWords& command);

}  // namespace wasmctl::cli
