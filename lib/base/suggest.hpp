// What was probably meant, for Error::hint.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wasmctl::base {

// "did you mean `x`? one of: x, y"; without the question where nothing is near enough.
std::string suggest(std::string_view word, std::span<const std::string_view> known);

}  // namespace wasmctl::base
