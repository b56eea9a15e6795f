// `-` as the name of a file to be written.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.hpp"

namespace wasmctl::cli {

// `-`, or the same by its path.
inline bool is_standard_output(const std::string& file) {
  return file == "-" || file == "/dev/stdout" || file == "/dev/fd/1" || file == "/proc/self/fd/1";
}

// Throws Error{Code::usage} where standard output has another thing already.
inline void require_file(std::string_view flag, const std::string& file) {
  if (is_standard_output(file)) {
    throw usage_error(flag, "must name a file: standard output has the result");
  }
}

}  // namespace wasmctl::cli
