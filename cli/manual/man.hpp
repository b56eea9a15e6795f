// Pages for man(1), of section 1: wasmctl.1, and wasmctl-push.1 for each command.
#pragma once

#include <string>

#include "cli/manual/words.hpp"

namespace wasmctl::cli {

std::string program_man_page(const CommandWords& program);
std::string command_man_page(const CommandWords& command);

}  // namespace wasmctl::cli
