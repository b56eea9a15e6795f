// Evidence is shown to people and pasted into issues: what may be a secret is taken out of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wasmctl::explain {

// The line with `***` for values of headers and keys that carry credentials, tokens after Bearer
// and Basic, passwords in URLs, and what configurations hold inline.
std::string masked(std::string_view line);

// At most kMostShown bytes of it around `at`, with `...` where it was cut.
inline constexpr std::size_t kMostShown = 400;
std::string shown_around(std::string_view line, std::size_t at);

}  // namespace wasmctl::explain
