#include "wasm/name_path.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>

namespace wasmctl::wasm {

namespace {

// Names nest no deeper than this; what is left stays in one.
constexpr std::size_t kMaxDepth = 12;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

// How the depth of brackets changes with the character at `i`. The `>` of `->` closes none.
int step_of(std::string_view text, std::size_t i) {
  const char c = text[i];
  if (c == '<' || c == '(' || c == '[' || c == '{') return 1;
  const bool arrow = c == '>' && i > 0 && text[i - 1] == '-';
  return (c == '>' && !arrow) || c == ')' || c == ']' || c == '}' ? -1 : 0;
}

// `operator<`, `operator unsigned long`: the rest is the function's name.
bool is_operator(std::string_view name, std::size_t i) {
  constexpr std::string_view kOperator = "operator";
  if (!name.substr(i).starts_with(kOperator) || (i > 0 && is_word(name[i - 1]))) return false;
  const auto end = i + kOperator.size();
  return end < name.size() && !is_word(name[end]);
}

// C++ and Rust. What counts stands behind the last space before the parameters: before it are a
// return type, or "non-virtual thunk to".
std::vector<std::string> split_scopes(std::string_view name) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)";
  constexpr std::string_view kType = "decltype";
  std::vector<std::string> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto rest = name.substr(i);
    if (depth == 0 && rest.starts_with(kAnonymous)) {
      i += kAnonymous.size() - 1;
    } else if (depth == 0 &&
               (is_operator(name, i) || (name[i] == '(' && !name.substr(0, i).ends_with(kType)))) {
      break;
    } else if (depth == 0 && name[i] == ' ') {
      parts.clear();
      begin = i + 1;
    } else if (depth == 0 && rest.starts_with("::") && !rest.starts_with("::<") &&
               parts.size() < kMaxDepth) {
      parts.emplace_back(name.substr(begin, i - begin));
      begin = ++i + 1;
    } else {
      depth += step_of(name, i);
    }
  }
  parts.emplace_back(name.substr(begin));
  return parts;
}

// The first `word::` in a text: a crate.
std::string_view first_crate(std::string_view text) {
  const auto end = text.find("::");
  if (end == std::string_view::npos) return {};
  auto begin = end;
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

// `<a::B as c::D>::f` and `<a::B>::f`, Rust's methods of traits and of types.
std::vector<std::string> split_implementation(std::string_view name) {
  std::size_t end = 0;
  int depth = 0;
  do {
    depth += step_of(name, end++);
  } while (depth > 0 && end < name.size());
  const auto type = name.substr(0, end);
  if (depth != 0 || !name.substr(end).starts_with("::")) return {std::string(name)};
  auto parts = split_scopes(name.substr(end + 2));
  const auto inner = type.substr(1, type.size() - 2);
  if (is_word(inner.empty() ? '<' : inner[0]) && inner.find(" as ") == std::string_view::npos) {
    auto path = split_scopes(inner);
    path.insert(path.end(), parts.begin(), parts.end());
    return path;
  }
  parts.emplace(parts.begin(), type);
  if (const auto crate = first_crate(type); !crate.empty()) parts.emplace(parts.begin(), crate);
  return parts;
}

std::vector<std::string> cut_at(std::string_view name, std::size_t end, std::size_t begin) {
  return {std::string(name.substr(0, end)), std::string(name.substr(begin))};
}

// `github.com_a_b`: Go's linker writes slashes and brackets as `_`. Where the host ends, that is
// behind its `_`, or 0.
std::size_t end_of_host(std::string_view name) {
  const auto end = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.");
  if (end == std::string_view::npos || name[end] != '_') return 0;
  const auto host = name.substr(0, end);
  const bool has_parts = host.find('.') != std::string_view::npos && !host.starts_with('.') &&
                         !host.ends_with('.') && host.find("..") == std::string_view::npos;
  return has_parts ? end + 1 : 0;
}

// "cold", "llvm.123", "1": what a compiler adds to the name of a function that it splits or copies.
bool is_made_by_compiler(std::string_view suffix) {
  constexpr std::array<std::string_view, 5> kMade = {"llvm.", "cold", "part.", "constprop.",
                                                     "isra."};
  if (suffix.find_first_not_of("0123456789") == std::string_view::npos) return true;
  return std::ranges::any_of(kMade, [&](auto made) { return suffix.starts_with(made); });
}

// Go and AssemblyScript: up to the first dot behind the last slash, or to that slash.
std::vector<std::string> split_package(std::string_view name) {
  const auto first = end_of_host(name);
  const auto brackets = std::min(name.find_first_of("([{<", 1), name.size());
  const auto slash = name.substr(0, brackets).rfind('/');
  const auto dot =
      name.substr(0, brackets).find('.', slash == std::string_view::npos ? first : slash);
  const auto cut = dot != std::string_view::npos ? dot : slash;
  if (cut == std::string_view::npos || cut == 0 || cut + 1 == name.size() ||
      (cut == dot && is_made_by_compiler(name.substr(cut + 1)))) {
    return {std::string(name)};
  }
  return cut_at(name, cut, cut + 1);
}

// `(*net/http.Server).Serve`, `(reflect.Value).Len`: TinyGo's methods. The package goes before the
// bracket, as in Go: `(*Server).Serve`.
std::optional<std::vector<std::string>> split_method(std::string_view name) {
  const std::string_view opening = name.starts_with("(*") ? "(*" : "(";
  const auto close = name.find(").");
  if (!name.starts_with('(') || close == std::string_view::npos) return std::nullopt;
  const auto path = split_package(name.substr(opening.size(), close - opening.size()));
  if (path.size() < 2) return std::nullopt;
  return std::vector<std::string>{path[0],
                                  std::string(opening) + path[1] + std::string(name.substr(close))};
}

}  // namespace

std::vector<std::string> name_path(std::string_view name) {
  if (name.empty() || is_operator(name, 0)) return {std::string(name)};
  if (name.front() == '<') return split_implementation(name);
  if (auto method = split_method(name)) return *method;
  if (name.find("::") != std::string_view::npos) return split_scopes(name);
  return split_package(name);
}

}  // namespace wasmctl::wasm
