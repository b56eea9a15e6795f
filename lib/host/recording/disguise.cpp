#include "host/recording/disguise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
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

std::string in_json(const std::string& text) {
  const auto quoted =
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
  return quoted.substr(1, quoted.size() - 2);
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
    const std::string secret(value.substr(begin, size));
    if (size < kLeastSecret || knows(secret)) continue;
    ++secrets_;
    if (auto escaped = in_json(secret); escaped != secret)
      add({std::move(escaped), secrets_, size});
    add({secret, secrets_, size});
  }
}

void Disguise::add(Form form) {
  auto& places = by_begin_[form.text.substr(0, kLeastSecret)];
  const auto shorter = std::ranges::find_if(
      places, [&](std::size_t place) { return forms_[place].text.size() < form.text.size(); });
  places.insert(shorter, forms_.size());
  forms_.push_back(std::move(form));
}

bool Disguise::knows(std::string_view secret) const {
  const auto* const form = form_at(secret);
  return form != nullptr && form->text == secret;
}

// With which `text` begins; null: with none. Of two the longer one.
const Disguise::Form* Disguise::form_at(std::string_view text) const {
  const auto found = by_begin_.find(std::string(text.substr(0, kLeastSecret)));
  if (found == by_begin_.end()) return nullptr;
  const auto place = std::ranges::find_if(
      found->second, [&](std::size_t i) { return text.starts_with(forms_[i].text); });
  return place == found->second.end() ? nullptr : &forms_[*place];
}

// "*****1": the number tells secrets apart.
std::string Disguise::stand_in(std::string_view secret) const {
  if (!knows(secret)) return std::string(secret.size(), '*');
  const auto* const form = form_at(secret);
  return fmt::format("{:*>{}}", form->number, form->size);
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
  if (forms_.empty()) return std::string(text);
  std::string shown;
  while (!text.empty()) {
    const auto* const form = form_at(text);
    if (form != nullptr) {
      shown += stand_in(form->text);
      text.remove_prefix(form->text.size());
    } else {
      shown += text.front();
      text.remove_prefix(1);
    }
  }
  return shown;
}

}  // namespace wasmctl::host
