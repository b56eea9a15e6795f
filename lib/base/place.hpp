// A place in a text, as compilers and editors write it.
#pragma once

#include <cstdint>
#include <string>

namespace wasmctl {

struct Place {
  std::string file;
  std::uint32_t line = 0;    // from 1; 0: the file as a whole
  std::uint32_t column = 0;  // from 1; 0: the line as a whole
};

inline bool operator==(const Place& a, const Place& b) {
  return a.file == b.file && a.line == b.line && a.column == b.column;
}

// `FILE`, `FILE:LINE` or `FILE:LINE:COLUMN`.
std::string to_string(const Place& place);

}  // namespace wasmctl
