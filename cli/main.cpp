#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/command.hpp"

int main(int argc, char** argv) {
  wasmctl::cli::Context context{
      std::cout, std::cerr, [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      }};
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
  context.color = ::isatty(STDERR_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
  return wasmctl::cli::run_command_line(argc, argv, context);
}
