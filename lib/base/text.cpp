#include "base/text.hpp"

namespace wasmctl::base {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return result;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

namespace {

bool begins_with_digest(std::string_view text) {
  return text.starts_with("sha256:") || text.starts_with("sha512:");
}

}  // namespace

std::string without_logins(std::string text) {
  for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
    const std::string_view before(text.data(), at);
    const auto stop = before.find_last_of(" \t\r\n`'\"(<,/");
    const auto start = stop == std::string_view::npos ? 0 : stop + 1;
    const auto login = before.substr(start);
    const bool in_url = before.substr(0, start).ends_with("://");
    const bool is_login = !login.empty() && (in_url || login.find(':') != std::string_view::npos);
    if (!is_login || begins_with_digest(std::string_view(text).substr(at + 1))) continue;
    text.erase(start, at + 1 - start);
    at = start;
  }
  return text;
}

}  // namespace wasmctl::base
