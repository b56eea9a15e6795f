// The list of files that an object was made from, as clang writes it with -MD.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::compile {

// The prerequisites of a Makefile rule `target: a b \<newline> c`. `\ ` stands for a space, `$$`
// for a dollar, `\#` for a hash.
std::vector<std::string> parse_depfile(std::string_view text);

}  // namespace wasmctl::compile
