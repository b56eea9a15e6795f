// The list of files that an object was made from, as clang writes it with -MD.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::compile {

// The prerequisites of a Makefile rule `target: a b \<newline> c`. `\ ` stands for a space, `$$`
// for a dollar, `\#` for a hash.
std::vector<std::string> parse_depfile(std::string_view text);

// Those of a file that the compiler wrote when it ran in `directory`, as absolute paths.
std::vector<std::filesystem::path> read_depfile(const std::filesystem::path& file,
                                                const std::filesystem::path& directory);

}  // namespace wasmctl::compile
