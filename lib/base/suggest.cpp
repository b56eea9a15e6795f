#include "base/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"

namespace wasmctl::base {

std::string suggest(std::string_view word, std::span<const std::string_view> known) {
  const auto guess = nearest(word, {known.begin(), known.end()});
  const auto all = fmt::format("one of: {}", fmt::join(known, ", "));
  return guess.empty() ? all : fmt::format("did you mean `{}`? {}", guess, all);
}

}  // namespace wasmctl::base
