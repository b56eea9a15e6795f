// What to do about a compiler's complaint: one table, by what the complaint names.
#pragma once

#include <string>
#include <string_view>

namespace wasmctl::compile {

// The remedy for what a compiler wrote on standard error; empty if none is known. Headers that it
// did not find are named as clang names them: "fatal error: 'NAME' file not found".
std::string remedy(std::string_view compiler_output);

// What to do about a function, "re2::RE2::RE2(char const*)", that no source defines.
std::string remedy_for_undefined(std::string_view function);

}  // namespace wasmctl::compile
