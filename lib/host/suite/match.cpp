#include "host/suite/match.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"

namespace wasmctl::host {

namespace {

constexpr std::uint64_t kMaxFileBytes = 64U << 20U;

}  // namespace

std::string read_suite_file(const Suite& suite, const std::string& file) {
  return base::read_file(suite.file.parent_path() / file, kMaxFileBytes);
}

bool matches(const Suite& suite, const StringMatcher& matcher,
             const std::vector<std::string>& texts) {
  const auto any = [&](const auto& is_match) {
    return std::ranges::any_of(texts, is_match) != matcher.invert;
  };
  if (matcher.exact) return any([&](const auto& text) { return text == *matcher.exact; });
  if (matcher.file) {
    const auto wanted = read_suite_file(suite, *matcher.file);
    return any([&](const auto& text) { return text == wanted; });
  }
  if (!matcher.regex) {
    throw Error(Code::bad_input, "says nothing to compare with")
        .hint("give `exact`, `regex` or `file`");
  }
  RE2::Options quiet;
  quiet.set_log_errors(false);
  const RE2 expression(*matcher.regex, quiet);
  if (!expression.ok()) {
    throw Error(Code::bad_input, fmt::format("`{}` is not an expression of RE2: {}", *matcher.regex,
                                             expression.error()));
  }
  return any([&](const auto& text) { return RE2::FullMatch(text, expression); });
}

std::string describe(const StringMatcher& matcher) {
  const auto* const kind = matcher.exact ? "exact" : matcher.file ? "file" : "regex";
  const auto& text = matcher.exact ? matcher.exact : matcher.file ? matcher.file : matcher.regex;
  return fmt::format("{}{} `{}`", matcher.invert ? "no " : "", kind, text.value_or(""));
}

}  // namespace wasmctl::host
