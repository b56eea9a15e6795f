#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "cli/command.hpp"

namespace {

// A page of a mapped file that is no longer there: somebody writes the file in place.
extern "C" void on_bus_error(int) {
  constexpr std::string_view kMessage = "error: a file became shorter while it was read\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
  constexpr int kIo = 8;  // of exit_status.hpp
  ::_exit(kIo);
}

std::size_t columns_of_stderr() {
  constexpr std::size_t kUsual = 80;  // where the size is not known, as on a serial line
  winsize size = {};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  return known ? size.ws_col : kUsual;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGBUS, &on_bus_error);
  wasmctl::cli::Context context{
      std::cout, std::cerr, [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      }};
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
  const char* terminal = std::getenv("TERM");
  const bool is_dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1 && !is_dumb;
  if (is_terminal) context.columns = &columns_of_stderr;
  context.out_terminal = ::isatty(STDOUT_FILENO) == 1;
  context.color = is_terminal && (no_color == nullptr || *no_color == '\0');
  return wasmctl::cli::run_command_line(argc, argv, context);
}
