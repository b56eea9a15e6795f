#include "host/recording/disguise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace wasmctl::host {

namespace {

// Of a shorter one the value of its header alone is disguised.
constexpr std::size_t kLeastSecret = 6;

using Stretch = std::pair<std::size_t, std::size_t>;  // where it begins, and its size

Stretch without_quotes(std::string_view value, Stretch part) {
  const auto text = value.substr(part.first, part.second);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    return {part.first + 1, part.second - 2};
  return part;
}

// `a=1; b=2`: what is behind each `=`, of set-cookie behind the first.
std::vector<Stretch> secrets_of_cookies(std::string_view value, bool is_one) {
  std::vector<Stretch> parts;
  for (std::size_t begin = 0; begin < value.size();) {
    const auto end = std::min(value.find(';', begin), value.size());
    const auto equals = value.find('=', begin);
    if (equals < end) parts.push_back(without_quotes(value, {equals + 1, end - equals - 1}));
    if (is_one) break;
    begin = end + 1;
  }
  return parts;
}

// What is secret in the value of such a header.
std::vector<Stretch> secrets_of(std::string_view name, std::string_view value) {
  const auto lower = base::lower(name);
  if (lower.ends_with("cookie")) return secrets_of_cookies(value, lower.starts_with("set-"));
  const auto space = value.find(' ');
  const bool has_scheme = lower.ends_with("authorization") && space != std::string_view::npos;
  const auto begin = has_scheme ? space + 1 : 0;
  return {{begin, value.size() - begin}};
}

}  // namespace

void Disguise::learn(std::string_view name, std::string_view value) {
  if (!mask_.hides(name)) return;
  for (const auto& [begin, size] : secrets_of(name, value)) {
    const auto secret = value.substr(begin, size);
    if (size < kLeastSecret) continue;
    auto& places = by_begin_[std::string(secret.substr(0, kLeastSecret))];
    const auto secret_of = [this](std::size_t place) -> const auto& { return secrets_[place]; };
    if (std::ranges::find(places, secret, secret_of) != places.end()) continue;
    const auto longer = std::ranges::find_if(
        places, [&](std::size_t place) { return secrets_[place].size() < secret.size(); });
    places.insert(longer, secrets_.size());
    secrets_.emplace_back(secret);
  }
}

// That `text` begins with; null: with none. Of two the longer one.
const std::string* Disguise::secret_at(std::string_view text) const {
  const auto found = by_begin_.find(std::string(text.substr(0, kLeastSecret)));
  if (found == by_begin_.end()) return nullptr;
  const auto place = std::ranges::find_if(
      found->second, [&](std::size_t i) { return text.starts_with(secrets_[i]); });
  return place == found->second.end() ? nullptr : &secrets_[*place];
}

// "*****1": the number tells secrets apart.
std::string Disguise::stand_in(std::string_view secret) const {
  const auto* const found = secret_at(secret);
  if (found == nullptr || found->size() != secret.size()) return std::string(secret.size(), '*');
  return fmt::format("{:*>{}}", found - secrets_.data() + 1, secret.size());
}

std::string Disguise::header(std::string_view name, std::string_view value) const {
  if (!mask_.hides(name)) return text(value);
  std::string shown(value);
  for (const auto& [begin, size] : secrets_of(name, value))
    shown.replace(begin, size, stand_in(value.substr(begin, size)));
  return shown;
}

Pairs Disguise::headers(const Pairs& pairs) const {
  Pairs shown;
  shown.reserve(pairs.size());
  for (const auto& [name, value] : pairs) shown.emplace_back(name, header(name, value));
  return shown;
}

std::string Disguise::text(std::string_view text) const {
  std::string shown(text);
  for (std::size_t at = 0; at + kLeastSecret <= text.size() && !secrets_.empty();) {
    const auto* const secret = secret_at(text.substr(at));
    if (secret != nullptr) shown.replace(at, secret->size(), stand_in(*secret));
    at += secret == nullptr ? 1 : secret->size();
  }
  return shown;
}

}  // namespace wasmctl::host
