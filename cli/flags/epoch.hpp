// The one time stamp that may go into what is made: SOURCE_DATE_EPOCH.
// Source: https://reproducible-builds.org/specs/source-date-epoch/
#pragma once

#include <optional>
#include <string>

#include "cli/command.hpp"

namespace wasmctl::cli {

// RFC 3339, "2026-11-27T00:00:00Z"; null if it is not set. Throws Error{Code::usage} if it is no
// number of seconds.
std::optional<std::string> created_at(const Context& context);

}  // namespace wasmctl::cli
