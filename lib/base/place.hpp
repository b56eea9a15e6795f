// A place in a text, as compilers and editors write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wasmctl {

struct Place {
  std::string file;
  std::uint32_t line = 0;    // from 1; 0: the file as a whole
  std::uint32_t column = 0;  // from 1; 0: the line as a whole
};

inline bool operator==(const Place& a, const Place& b) {
  return a.file == b.file && a.line == b.line && a.column == b.column;
}

// Whether `file` is one of the plugin's own: `wasmctl build` has the compiler call these relative
// to the plugin's directory, the SDK's `sdk/...` and a library's `<NAME>/...` (-ffile-prefix-map);
// what a compiler makes up is called `<built-in>`, too.
bool is_own_source(std::string_view file);

// `FILE`, `FILE:LINE` or `FILE:LINE:COLUMN`.
std::string to_string(const Place& place);

}  // namespace wasmctl
