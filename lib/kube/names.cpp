#include "kube/names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/label.hpp"
#include "base/sha256.hpp"

namespace wasmctl::kube {

namespace {

using base::kMaxLabelBytes;

constexpr std::size_t kMaxSubdomainBytes = 253;

bool is_lower(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alphanumeric(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}

bool is_qualified_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxLabelBytes && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) && std::ranges::all_of(text, [](char c) {
           return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_subdomain(std::string_view name) {
  if (name.size() > kMaxSubdomainBytes) return false;
  while (true) {
    const auto dot = std::min(name.find('.'), name.size());
    const auto part = name.substr(0, dot);
    if (part.empty() || !is_lower(part.front()) || !is_lower(part.back()) ||
        !std::ranges::all_of(part, [](char c) { return is_lower(c) || c == '-'; })) {
      return false;
    }
    if (dot == name.size()) return true;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

Reason refuse_subdomain(std::string_view name) {
  if (is_subdomain(name)) return std::nullopt;
  return fmt::format(
      "must be 1 to 253 of a-z, 0-9, `-` and `.`, each part with a letter or digit at its ends, "
      "not `{}`",
      name);
}

Reason refuse_data_key(std::string_view key) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  const bool right = !key.empty() && key.size() <= kMaxSubdomainBytes && key != "." &&
                     !key.starts_with("..") &&
                     key.find_first_not_of(kAllowed) == std::string_view::npos;
  if (right) return std::nullopt;
  return fmt::format("must be 1 to {} letters, digits, `-`, `_` and `.`, and no path, not `{}`",
                     kMaxSubdomainBytes, key);
}

Reason refuse_label_key(std::string_view key) {
  const auto slash = key.find('/');
  const bool has_prefix = slash != std::string_view::npos;
  const auto name = has_prefix ? key.substr(slash + 1) : key;
  if (is_qualified_name(name) && (!has_prefix || is_subdomain(key.substr(0, slash)))) {
    return std::nullopt;
  }
  return fmt::format(
      "`{}` is not a label: expected [PREFIX/]NAME, the name 1 to 63 of letters, "
      "digits, `-`, `_` and `.`",
      key);
}

Reason refuse_label_value(std::string_view value) {
  if (value.empty() || is_qualified_name(value)) return std::nullopt;
  return fmt::format(
      "`{}` is not a label's value: expected up to 63 letters, digits, `-`, `_` and `.`", value);
}

std::string label_with_prefix(std::string_view prefix, std::string_view name) {
  auto label = fmt::format("{}{}", prefix, name);
  if (label.size() <= kMaxLabelBytes) return label;
  const auto hash = base::sha256_hex(name).substr(0, 8);
  return fmt::format("{}-{}", label.substr(0, kMaxLabelBytes - hash.size() - 1), hash);
}

}  // namespace wasmctl::kube
