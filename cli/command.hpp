// What every subcommand is made of. One file a command: a struct of options, `add_NAME` that binds
// flags to it and does nothing else, `run_NAME` that reads like the manual. Adding a command is one
// file, and its name in commands.cpp.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "cli/output/output.hpp"

// CLI11's header makes every file that includes it compile half of the library: only files that
// name flags do.
namespace CLI {
class App;
}

namespace wasmctl::cli {

// What a command may touch of the world. No std::cout, getenv or exit elsewhere in cli/ but in
// main().
struct Context {
  Output out;  // data only, so that it can be piped
  Output err;  // talk
  std::function<std::optional<std::string>(const std::string&)> env;
  bool color = false;  // stderr is a terminal that may be coloured
  // How wide the terminal is just now that stderr is; null if it is none, or one that cannot write
  // over a line.
  std::function<std::size_t()> columns = nullptr;
  bool out_terminal = false;                   // so is stdout
  bool quiet = false;                          // -q: no talk but errors and alarms
  std::vector<std::string> command_line = {};  // as typed, to be shown again with other flags
};

// The value of an environment variable, or `otherwise` if unset or empty.
std::string env_or(const Context& context, const std::string& name, std::string otherwise);

// Where what can be made again is kept, as the XDG Base Directory Specification wants it; empty
// without a home.
std::filesystem::path cache_directory(const Context& context);

// Error{Code::usage} with "FLAG: WHY".
Error usage_error(std::string_view flag, std::string_view why);

// Thrown by a command that has said all there is to say itself (the findings of lint): nothing more
// is printed, the code gives the exit status.
struct Refused {
  Code code;
};

// Set by a parsed subcommand, run when all is parsed: so a usage error and a failed run cannot
// be confused.
using Action = std::function<void()>;

// Parses `argv`, runs the command and returns the exit status.
int run_command_line(int argc, const char* const* argv, Context& context);

}  // namespace wasmctl::cli
