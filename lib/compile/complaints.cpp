#include "compile/complaints.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

#include "base/printable.hpp"

namespace wasmctl::compile {

namespace {

enum class Severity : std::uint8_t { warning, error, fatal };

struct Mark {
  std::string_view text;
  Severity severity;
};

constexpr Mark kMarks[] = {
    {"fatal error: ", Severity::fatal},
    {"error: ", Severity::error},
    {"warning: ", Severity::warning},
};

struct Headline {
  std::string_view before;  // of the mark: "plugin.cc:3:10: "
  Severity severity;
  std::string_view message;
};

// A line that begins a diagnostic, or none: the mark begins the line or follows ": ".
std::optional<Headline> headline(std::string_view line) {
  for (const auto& [mark, severity] : kMarks) {
    const auto at = line.find(mark);
    if (at == std::string_view::npos) continue;
    const auto before = line.substr(0, at);
    if (before.empty() || before.ends_with(": ")) {
      return Headline{before, severity, line.substr(at + mark.size())};
    }
  }
  return std::nullopt;
}

// Takes ":12" from the end of `text`; 0 if there is none.
std::uint32_t take_number(std::string_view& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return 0;
  const auto digits = text.substr(colon + 1);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return 0;
  text = text.substr(0, colon);
  return number;
}

// Of "FILE:LINE:COLUMN: ".
Place place_of(std::string_view before) {
  if (!before.ends_with(": ")) return {};
  before.remove_suffix(2);
  const auto column = take_number(before);
  const auto line = take_number(before);
  return line == 0 ? Place{} : Place{std::string(before), line, column};
}

}  // namespace

std::vector<Complaint> complaints(std::string_view output) {
  const auto plain = base::without_colors(output);
  std::vector<Complaint> found;
  bool belongs = false;  // to the last of them
  for (std::string_view rest = plain; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (const auto begin = headline(line)) {
      belongs = begin->severity != Severity::warning;
      if (belongs) {
        found.push_back({place_of(begin->before), begin->severity == Severity::fatal,
                         std::string(begin->message), std::string(begin->message)});
      }
    } else if (belongs) {
      found.back().text += '\n';
      found.back().text += line;
    }
  }
  return found;
}

}  // namespace wasmctl::compile
