#include "explain/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/secret_headers.hpp"
#include "base/text.hpp"

namespace wasmctl::explain {

namespace {

constexpr std::string_view kStars = "***";

// Words that name a secret beside those headers: a key of JSON or YAML, a parameter of a URL.
constexpr std::string_view kSecretWords[] = {
    "password",    "passwd",      "secret",        "api_key",           "apikey",
    "token",       "private_key", "inline_string", "inlinestring",      "inline_bytes",
    "inlinebytes", "credential",  "client_secret", "image_pull_secret", "signature"};

// Short ones, or parts of other words: only as a whole word, and before what is plainly a value.
constexpr std::string_view kWholeWords[] = {"sig", "auth", "pwd", "dockerconfigjson", "dockercfg"};

// Where a value that is not quoted, after a colon, is taken for a secret.
enum class Unquoted : std::uint8_t {
  leading,   // where the word stands alone, as a key at the front of a line does
  anywhere,  // headers: a log has several in a line
  never,
};

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// Where the value of the word that ends at `at` is: after `=`, `: ` or `": "`, as far as its quote
// or the blank after it. A header's value goes on over blanks. Empty where the word names nothing.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Span value_after(std::string_view line, std::size_t at) {
  const auto is_quote = [&](std::size_t i) {
    return i < line.size() && (line[i] == '"' || line[i] == '\'');
  };
  while (at < line.size() && line[at] == '\\') ++at;
  if (is_quote(at)) ++at;
  if (at >= line.size() || (line[at] != ':' && line[at] != '=')) return {};
  const bool is_parameter = line[at] == '=';
  ++at;
  while (!is_parameter && at < line.size() && line[at] == ' ') ++at;
  while (at < line.size() && line[at] == '\\') ++at;
  if (is_quote(at)) {
    const char quote = line[at];
    const bool is_escaped = line[at - 1] == '\\';  // a string in a string
    const auto begin = at + 1;
    auto end = begin;
    while (end < line.size() && line[end] != quote) {
      end += line[end] == '\\' && !is_escaped ? 2 : 1;
    }
    end = std::min(end, line.size());
    if (is_escaped && end > begin && line[end - 1] == '\\') --end;
    return {begin, end};
  }
  const auto end = line.find_first_of(is_parameter ? " \t&,;\"')]}" : "\t,;\"'", at);
  return {at, end == std::string_view::npos ? line.size() : end};
}

bool begins_word(std::string_view lower, std::size_t at) {
  return at == 0 || lower[at - 1] < 'a' || lower[at - 1] > 'z';
}

void mask_named(std::string& line, std::span<const std::string_view> words, Unquoted unquoted) {
  auto lower = base::lower(line);
  for (const auto word : words) {
    for (auto at = lower.find(word); at != std::string::npos; at = lower.find(word, at + 1)) {
      if (!begins_word(lower, at)) continue;
      auto end = at + word.size();
      while (end < lower.size() && is_name_char(lower[end])) ++end;
      if (unquoted == Unquoted::never && end != at + word.size()) continue;
      const auto [from, to] = value_after(line, end);
      if (from >= to) continue;
      const bool is_quoted = line[from - 1] == '"' || line[from - 1] == '\'';
      const bool is_parameter = line[from - 1] == '=';
      const auto before = lower.find_last_not_of(" \t-", at == 0 ? 0 : at - 1);
      const bool leads = at == 0 || before == std::string::npos || lower[before] == '\'' ||
                         lower[before] == '"' || lower[before] == '{' || lower[before] == ',';
      const bool is_value =
          unquoted == Unquoted::anywhere || (unquoted == Unquoted::leading && leads);
      if (!is_quoted && !is_parameter && !is_value) continue;
      line.replace(from, to - from, kStars);
      lower = base::lower(line);
    }
  }
}

// What comes after `Bearer ` and `Basic `, if it looks like a token: long, with no other signs.
void mask_schemes(std::string& line) {
  constexpr std::string_view kTokenChars =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=._~-";
  for (const std::string_view scheme : {"bearer ", "basic "}) {
    auto lower = base::lower(line);
    for (auto at = lower.find(scheme); at != std::string::npos; at = lower.find(scheme, at + 1)) {
      const auto begin = at + scheme.size();
      const auto end = std::min(line.find_first_not_of(kTokenChars, begin), line.size());
      if (end - begin < 12) continue;
      line.replace(begin, end - begin, kStars);
      lower = base::lower(line);
    }
  }
}

void mask_logins(std::string& line) {
  for (auto at = line.find("://"); at != std::string::npos; at = line.find("://", at + 3)) {
    const auto begin = at + 3;
    const auto end = std::min(line.find_first_of("/ \t\"'?#,", begin), line.size());
    const auto sign = std::string_view(line).substr(begin, end - begin).rfind('@');
    if (sign != std::string_view::npos) line.replace(begin, sign, kStars);
  }
}

bool is_inside_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80;
}

}  // namespace

std::string masked(std::string_view line) {
  std::string safe(line);
  mask_logins(safe);
  mask_schemes(safe);
  mask_named(safe, base::kSecretHeaders, Unquoted::anywhere);
  mask_named(safe, kSecretWords, Unquoted::leading);
  mask_named(safe, kWholeWords, Unquoted::never);
  return safe;
}

std::string masked_target(std::string_view target) {
  const auto query = std::min(target.find('?'), target.size());
  auto safe = masked(target.substr(0, query));
  for (auto begin = query; begin < target.size();) {
    const auto end = std::min(target.find('&', begin + 1), target.size());
    const auto parameter = target.substr(begin, end - begin);  // with the sign before it
    const auto equals = parameter.find('=');
    auto shown = masked(parameter);
    if (shown != parameter && equals != std::string_view::npos)
      shown = fmt::format("{}={}", parameter.substr(0, equals), kStars);
    safe += shown;
    begin = end;
  }
  return safe;
}

std::string shown_around(std::string_view line, std::size_t at) {
  if (line.size() <= kMostShown) return std::string(line);
  constexpr std::size_t kBefore = 60;
  auto begin = at > kBefore ? at - kBefore : 0;
  begin = std::min(begin, line.size() - kMostShown);
  auto end = begin + kMostShown;
  while (is_inside_character(line, begin)) ++begin;
  while (end > begin && is_inside_character(line, end)) --end;
  return (begin > 0 ? "..." : "") + std::string(line.substr(begin, end - begin)) +
         (end < line.size() ? "..." : "");
}

}  // namespace wasmctl::explain
