#include "host/mask.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/secret_headers.hpp"
#include "base/text.hpp"

namespace wasmctl::host {

namespace {

// Shorter ones are words that stand elsewhere, too.
constexpr std::size_t kLeastRemembered = 6;

}  // namespace

bool Mask::hides(std::string_view name) const {
  if (!is_on()) return false;
  const auto last = std::min(name.find_last_of(std::string_view(".\0", 2)) + 1, name.size());
  const auto key = base::lower(name.substr(last));
  return std::ranges::find(base::kSecretHeaders, key) != std::end(base::kSecretHeaders) ||
         std::ranges::any_of(options_.names,
                             [&](const auto& more) { return base::lower(more) == key; });
}

std::string Mask::hide(std::string_view value) {
  const auto remember = [&](std::string_view secret) {
    const bool is_new = std::ranges::find(values_, secret) == values_.end();
    if (secret.size() >= kLeastRemembered && is_new) values_.emplace_back(secret);
  };
  remember(value);
  for (const std::string_view scheme : {"bearer ", "basic "}) {
    if (base::lower(value.substr(0, scheme.size())) == scheme)
      remember(value.substr(scheme.size()));
  }
  // `session=4f2e; theme=dark`: each cookie, and its value.
  for (std::size_t begin = 0; begin < value.size();) {
    const auto end = std::min(value.find(';', begin), value.size());
    const auto cookie = base::trimmed(value.substr(begin, end - begin));
    remember(cookie);
    if (const auto equals = cookie.find('='); equals != std::string_view::npos) {
      remember(cookie.substr(equals + 1));
    }
    begin = end + 1;
  }
  return fmt::format("*** ({} bytes)", value.size());
}

std::string Mask::masked(std::string_view text) const {
  std::string shown(text);
  for (const auto& value : values_) {
    for (auto at = shown.find(value); at != std::string::npos; at = shown.find(value, at + 3))
      shown.replace(at, value.size(), "***");
  }
  return shown;
}

}  // namespace wasmctl::host
