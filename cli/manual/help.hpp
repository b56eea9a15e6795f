// `--help`, in 80 columns: what the command is for, how it is typed, its arguments and flags.
#pragma once

#include <string>

#include "cli/manual/words.hpp"

namespace wasmctl::cli {

// Of the program: its commands, exit statuses and variables.
std::string program_help(const CommandWords& program);

// Of one of its commands.
std::string command_help(const CommandWords& command);

}  // namespace wasmctl::cli
