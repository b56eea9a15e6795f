// What the shells' scripts of `wasmctl completion` ask.
#pragma once

#include <string_view>

#include "cli/command.hpp"
#include "cli/manual/words.hpp"

namespace wasmctl::cli {

// Prints what could come next in `line`: which paths the shell is to complete itself, and a
// candidate a line. Whatever goes wrong gives fewer of them, and no error: nobody would read it.
void print_completion(const Context& context, const CommandWords& program, std::string_view line);

}  // namespace wasmctl::cli
