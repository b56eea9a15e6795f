// Where a plugin's sources use a function or a variable: asked only when it turns out not to exist,
// so that the error can name the line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::compile {

struct Caller {
  std::string function;  // the import's name, or the symbol's as C++ spells it: `X::f(int)`
  std::string place;     // "filter.cc:31:5"
};

// The uses of `imports` (names of imports, or mangled symbols) in `ir`, the textual LLVM IR of one
// source compiled with -g -O0. A call inlined by the programmer's own macro is placed where the
// macro is used, and one in a header of a library where the plugin uses the library. Source: LLVM
// Language Reference, "Metadata" and "Function Attributes".
std::vector<Caller> find_callers(std::string_view ir, const std::vector<std::string>& imports);

}  // namespace wasmctl::compile
