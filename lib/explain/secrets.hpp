// Evidence is shown to people and pasted into issues: what may be a secret is taken out of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wasmctl::explain {

// The line with `***` for values of headers and keys that carry credentials, tokens after Bearer
// and Basic, passwords in URLs, and what configurations hold inline.
std::string masked(std::string_view line);

// The same of a request's target, "/a?token=1&b=2": whatever signs such a parameter's value has.
std::string masked_target(std::string_view target);

// At most kMostShown bytes of it around `at`, with `...` where it was cut.
inline constexpr std::size_t kMostShown = 400;
std::string shown_around(std::string_view line, std::size_t at);

}  // namespace wasmctl::explain
