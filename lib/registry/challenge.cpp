#include "registry/challenge.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/text.hpp"

namespace wasmctl::registry {

namespace {

bool is_token_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::vector<std::string_view> split(std::string_view text, char divider) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(divider));
    if (!part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return parts;
}

// A resource and what may be done with it.
struct Access {
  std::string_view resource;  // with the ':' at its end, if there is one
  std::vector<std::string_view> actions;
};

void add_access(std::vector<Access>& all, std::string_view scope) {
  const auto end = scope.rfind(':') + 1;  // 0 if there is none
  const auto resource = scope.substr(0, end);
  auto found = std::find_if(all.begin(), all.end(),
                            [&](const Access& access) { return access.resource == resource; });
  if (found == all.end()) found = all.insert(all.end(), {resource, {}});
  for (const auto action : split(scope.substr(end), ',')) {
    auto& actions = found->actions;
    if (std::find(actions.begin(), actions.end(), action) == actions.end()) {
      actions.push_back(action);
    }
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<Challenge> parse() {
    std::vector<Challenge> challenges;
    for (;;) {
      skip(" \t,");
      const auto word = token();
      if (word.empty()) return challenges;
      skip(" \t");
      if (!challenges.empty() && peek('=')) {  // a parameter of the challenge before
        const auto value = parameter_value();
        if (!value) return challenges;
        challenges.back().parameters.emplace(base::lower(word), *value);
      } else {
        challenges.push_back({base::lower(word), {}});
        skip_token68();
      }
    }
  }

 private:
  bool peek(char c) const { return text_.starts_with(c); }
  void skip(std::string_view set) {
    text_.remove_prefix(std::min(text_.find_first_not_of(set), text_.size()));
  }

  std::string_view token() {
    const auto end = std::find_if_not(text_.begin(), text_.end(), is_token_character);
    const auto word = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
    text_.remove_prefix(word.size());
    return word;
  }

  // `Negotiate YII/abc==`: what stands in place of parameters is of no use to us.
  // Source: RFC 9110, section 11.2.
  void skip_token68() {
    const auto end = std::find_if_not(text_.begin(), text_.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
             std::string_view("-._~+/").find(c) != std::string_view::npos;
    });
    auto rest = text_.substr(static_cast<std::size_t>(end - text_.begin()));
    rest.remove_prefix(std::min(rest.find_first_not_of('='), rest.size()));
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (rest.empty() || rest.starts_with(',')) text_ = rest;
  }

  std::optional<std::string> parameter_value() {
    text_.remove_prefix(1);  // =
    skip(" \t");
    if (!peek('"')) return std::string(token());
    text_.remove_prefix(1);
    std::string value;
    while (!text_.empty() && !peek('"')) {
      if (peek('\\')) text_.remove_prefix(1);
      if (text_.empty()) break;
      value += text_.front();
      text_.remove_prefix(1);
    }
    if (text_.empty()) return std::nullopt;  // no closing quote
    text_.remove_prefix(1);
    return value;
  }

  std::string_view text_;
};

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
  return Parser(header).parse();
}

std::string join_scopes(std::string_view a, std::string_view b) {
  std::vector<Access> all;
  for (const auto scope : split(a, ' ')) add_access(all, scope);
  for (const auto scope : split(b, ' ')) add_access(all, scope);
  std::string text;
  for (const auto& access : all) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{}{}", access.resource, fmt::join(access.actions, ","));
  }
  return text;
}

bool covers(std::string_view scopes, std::string_view wanted) {
  return !scopes.empty() && !wanted.empty() &&
         join_scopes(scopes, wanted) == join_scopes(scopes, "");
}

}  // namespace wasmctl::registry
