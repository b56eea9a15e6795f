// What was probably meant, for Error::hint.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::base {

// The word of `known` nearest to `word` by edit distance, or empty if none is near enough to be
// what was meant.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

// "did you mean `x`? one of: x, y"; without the question where nothing is near enough.
std::string suggest(std::string_view word, std::span<const std::string_view> known);

}  // namespace wasmctl::base
