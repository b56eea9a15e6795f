#include "base/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace wasmctl::base {

bool is_control(std::uint32_t point) {
  constexpr std::pair<std::uint32_t, std::uint32_t> kRanges[] = {
      {0, 0x1f},         // C0
      {0x7f, 0x9f},      // DEL and C1
      {0x61c, 0x61c},    // the mark of Arabic letters
      {0x200e, 0x200f},  // marks of a direction
      {0x2028, 0x202e},  // ends of line and paragraph; embeddings and overrides
      {0x2066, 0x2069},  // isolates
  };
  return std::any_of(std::begin(kRanges), std::end(kRanges), [&](const auto& range) {
    return range.first <= point && point <= range.second;
  });
}

namespace {

struct Character {
  std::uint32_t point = 0;
  std::size_t bytes = 1;
  bool valid = true;  // false: one byte that begins no character of UTF-8
};

// The character at the start of `text`, which is not empty. Source: RFC 3629, section 4.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {lead, 1, false};
  std::uint32_t point = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {lead, 1, false};
    point = point << 6U | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t kSmallest[] = {0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < kSmallest[length - 2] || point > 0x10ffff || surrogate) return {lead, 1, false};
  return {point, length};
}

std::string escaped(const Character& character) {
  const bool is_byte = character.point < 0x80 || !character.valid;
  return is_byte ? fmt::format("\\x{:02x}", character.point)
                 : fmt::format("\\u{:04x}", character.point);
}

// ESC [ 0;1;31 m, or K, which clears the rest of a line: what compilers write to colour a line.
// 0 if `text` begins with something else.
std::size_t color_at(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const auto end = text.find_first_not_of("0123456789;", 2);
  const bool is_color = end != std::string_view::npos && (text[end] == 'm' || text[end] == 'K');
  return is_color ? end + 1 : 0;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// "::error", at the start of a line, blanks aside.
bool begins_line_command(std::string_view text) {
  return text.size() > 2 && text.starts_with("::") && is_letter(text[2]);
}

// "##vso[", "##teamcity[", "##[".
bool begins_command(std::string_view text) {
  if (!text.starts_with("##")) return false;
  const auto* const end = std::find_if_not(text.begin() + 2, text.end(), is_letter);
  return end != text.end() && *end == '[';
}

// The next character of `text`, which is taken away, made printable. `starts` says whether only
// blanks came before it in its line.
std::string next_printable(std::string_view& text, bool& starts) {
  const auto character = first_character(text);
  const auto bytes = text.substr(0, character.bytes);
  const bool command = begins_command(text) || (starts && begins_line_command(text));
  text.remove_prefix(character.bytes);
  starts = starts && bytes == " ";
  return command || is_control(character.point) ? escaped(character) : std::string(bytes);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  bool starts = true;
  while (!text.empty()) result += next_printable(text, starts);
  return result;
}

std::string printable(std::string_view text, std::size_t most) {
  if (text.size() <= most) return printable(text);
  std::size_t end = 0;
  for (;;) {
    const auto bytes = first_character(text.substr(end)).bytes;
    if (end + bytes > most) break;
    end += bytes;
  }
  return printable(text.substr(0, end)) + "...";
}

std::string printable_output(std::string_view text) {
  std::string result;
  bool starts = true;
  while (!text.empty()) {
    auto kept = color_at(text);
    if (text.front() == '\n' || text.front() == '\t') kept = 1;
    if (kept == 0) {
      result += next_printable(text, starts);
      continue;
    }
    starts = starts || text.front() == '\n';
    result += text.substr(0, kept);
    text.remove_prefix(kept);
  }
  return result;
}

std::string without_colors(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto color = color_at(text);
    if (color == 0) result += text.front();
    text.remove_prefix(color == 0 ? 1 : color);
  }
  return result;
}

std::string printable_json(std::string_view document) {
  std::string result;
  while (!document.empty()) {
    const auto character = first_character(document);
    // Those of C0 are written as JSON wants it; what is there stands between values.
    if (begins_command(document) || (character.point >= 0x20 && is_control(character.point))) {
      result += fmt::format("\\u{:04x}", character.point);
    } else {
      result += document.substr(0, character.bytes);
    }
    document.remove_prefix(character.bytes);
  }
  return result;
}

}  // namespace wasmctl::base
