#include "base/label.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace wasmctl::base {

std::optional<std::string> refuse_label(std::string_view name) {
  constexpr std::string_view kForm = "must be 1 to 63 of a-z, 0-9 and `-`, with no `-` at an end";
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  const bool fits =
      !name.empty() && name.size() <= kMaxLabelBytes && is_alphanumeric(name.front()) &&
      is_alphanumeric(name.back()) &&
      std::ranges::all_of(name, [&](char c) { return c == '-' || is_alphanumeric(c); });
  if (fits) return std::nullopt;
  return fmt::format("{}, not `{}`", kForm, name);
}

std::string label_from(std::string_view text) {
  auto label = lower(text);
  for (char& c : label) {
    if (c == '_' || c == '.' || c == ' ') c = '-';
  }
  return label;
}

}  // namespace wasmctl::base
