#include "cli/commands/run/once.hpp"

#include <fmt/format.h>

#include <cctype>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/flags/shell_words.hpp"
#include "cli/version.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::string_view kOnce = "--once";
constexpr std::uint64_t kMaxOnceBody = 64U << 20U;

std::vector<std::string> split_words(std::string_view text) {
  auto found = shell_words(text);
  if (found.quote != '\0') {
    throw usage_error(kOnce, fmt::format("a {} is not closed", found.quote));
  }
  return std::move(found.words);
}

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  for (const char c : text) {
    const bool is_alnum = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (!is_alnum && kOthers.find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

bool is_line(std::string_view text) {
  return text.find_first_of("\r\n") == std::string_view::npos;
}

void add_header(envoy::Request& request, const std::string& word) {
  const auto colon = word.find(':');
  const auto name = std::string_view(word).substr(0, colon);
  if (colon == std::string::npos || !is_token(name) || !is_line(word)) {
    throw usage_error(kOnce, fmt::format("expected -H 'NAME: VALUE', not `{}`", word));
  }
  request.headers.emplace_back(name, base::trimmed(std::string_view(word).substr(colon + 1)));
}

std::string body_of(const std::string& word) {
  return word.starts_with('@') ? base::read_file(word.substr(1), kMaxOnceBody) : word;
}

void add_usual(envoy::Request& request) {
  const auto add = [&](const char* name, std::string value) {
    if (!envoy::find_header(request.headers, name)) {
      request.headers.emplace_back(name, std::move(value));
    }
  };
  add("host", "localhost");
  add("user-agent", fmt::format("wasmctl/{}", kVersion));
  add("accept", "*/*");
}

}  // namespace

envoy::Request parse_once(const std::string& text) {
  auto words = split_words(text);
  if (!words.empty() && words[0].starts_with('/')) words.insert(words.begin(), "GET");
  if (words.size() < 2 || !is_token(words[0]) ||
      words[1].find_first_of(" \r\n\t") != std::string::npos ||
      !(words[1].starts_with('/') || words[1] == "*")) {
    throw usage_error(
        kOnce, fmt::format("expected 'METHOD /PATH [-H HEADER]... [-d BODY]', not `{}`", text));
  }
  envoy::Request request;
  request.method = words[0];
  request.target = words[1];
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto flag = words[i].substr(0, 2);
    if (flag != "-H" && flag != "-d") {
      throw usage_error(kOnce, fmt::format("`{}` was not expected: -H and -d are", words[i]));
    }
    if (words[i].size() == 2 && i + 1 == words.size()) {
      throw usage_error(kOnce, fmt::format("{} is without a value", flag));
    }
    const auto value = words[i].size() > 2 ? words[i].substr(2) : words[++i];
    if (flag == "-H") {
      add_header(request, value);
    } else {
      request.body = body_of(value);
    }
  }
  add_usual(request);
  return request;
}

}  // namespace wasmctl::cli
