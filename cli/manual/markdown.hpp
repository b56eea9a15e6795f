// The pages of docs/commands.
#pragma once

#include <string>

#include "cli/manual/words.hpp"

namespace wasmctl::cli {

// README.md: every command with its page, exit statuses, variables.
std::string program_page(const CommandWords& program);
std::string command_page(const CommandWords& command);

}  // namespace wasmctl::cli
