// Questions on the terminal, which is asked even where standard input is something else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::cli {

// Whether what is typed is shown.
enum class Echo : std::uint8_t { on, off };

// The line that was typed; null if there is no terminal. A process that is stopped in the meantime
// (Ctrl-C) leaves the echo on.
std::optional<std::string> ask_on_terminal(std::string_view question, Echo echo);

}  // namespace wasmctl::cli
