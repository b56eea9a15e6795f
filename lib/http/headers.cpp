#include "http/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/text.hpp"

namespace wasmctl::http {

namespace {

// <first>; rel="next"; title="a, b", <second>; rel=last
class LinkParser {
 public:
  explicit LinkParser(std::string_view text) : text_(text) {}

  std::optional<std::string> next() {
    for (;;) {
      skip(" \t,");
      if (!text_.starts_with('<')) return std::nullopt;
      const auto end = text_.find('>');
      if (end == std::string_view::npos) return std::nullopt;
      const auto target = text_.substr(1, end - 1);
      text_.remove_prefix(end + 1);
      if (is_next()) return std::string(target);
    }
  }

 private:
  void skip(std::string_view set) {
    text_.remove_prefix(std::min(text_.find_first_not_of(set), text_.size()));
  }
  std::string_view take_until(std::string_view set) {
    const auto taken = text_.substr(0, text_.find_first_of(set));
    text_.remove_prefix(taken.size());
    return taken;
  }

  // Reads the parameters up to the next link. The first `rel` counts.
  bool is_next() {
    std::optional<bool> result;
    for (skip(" \t"); text_.starts_with(';'); skip(" \t")) {
      skip("; \t");
      const auto name = base::lower(take_until(" \t=;,"));
      const auto value = base::lower(read_value());
      if (name == "rel" && !result)
        result = fmt::format(" {} ", value).find(" next ") != std::string::npos;
    }
    return result.value_or(false);
  }

  std::string_view read_value() {
    skip(" \t");
    if (!text_.starts_with('=')) return {};
    text_.remove_prefix(1);
    skip(" \t");
    if (!text_.starts_with('"')) return take_until(" \t;,");
    text_.remove_prefix(1);
    const auto value = take_until("\"");
    text_.remove_prefix(std::min<std::size_t>(1, text_.size()));
    return value;
  }

  std::string_view text_;
};

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that is sent.
// Source: RFC 9110, section 5.6.7.
std::optional<std::time_t> parse_date(const std::string& text) {
  std::tm time = {};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return ::timegm(&time);
}

}  // namespace

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  constexpr std::size_t kMaxDigits = 18;
  if (text.empty() || text.size() > kMaxDigits ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return std::stoull(std::string(text));
}

std::chrono::seconds asked_pause(const Response& response) {
  const auto text = response.header("retry-after");
  if (const auto seconds = parse_decimal(text)) {
    constexpr std::uint64_t kMaxSeconds = 365 * 24 * 3600;
    return std::chrono::seconds(std::min(*seconds, kMaxSeconds));
  }
  const auto date = parse_date(text);
  if (!date) return std::chrono::seconds(0);
  // By the server's own clock, or ours may make an hour of it.
  const auto now = parse_date(response.header("date")).value_or(std::time(nullptr));
  return std::chrono::seconds(std::max<std::time_t>(*date - now, 0));
}

std::optional<std::string> next_link(const Response& response) {
  const auto [first, last] = response.headers.equal_range("link");
  for (auto header = first; header != last; ++header) {
    if (auto target = LinkParser(header->second).next()) return target;
  }
  return std::nullopt;
}

std::string content_type(const Response& response) {
  const auto type = base::lower(response.header("content-type"));
  return type.substr(0, type.find_first_of("; \t"));
}

}  // namespace wasmctl::http
