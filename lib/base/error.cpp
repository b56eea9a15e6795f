#include "base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <utility>

namespace wasmctl {

Error::Error(Code code, Place place, std::string_view reason)
    : code_(code),
      message_(to_string(place) + ": "),
      place_(std::move(place)),
      reason_begin_(message_.size()) {
  message_ += reason;
}

Error& Error::because(std::string cause) {
  causes_.push_back(std::move(cause));
  return *this;
}

Error& Error::hint(std::string hint) {
  hints_.push_back(std::move(hint));
  return *this;
}

namespace {

// The character of two or three bytes at the start of `text`, 0 for any other. Those of four are
// letters and signs only.
std::uint32_t short_character(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto is_rest = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const auto bits = [&](std::size_t i) { return byte(i) & 0x3fU; };
  if ((byte(0) & 0xe0U) == 0xc0U && is_rest(1)) return (byte(0) & 0x1fU) << 6U | bits(1);
  if ((byte(0) & 0xf0U) == 0xe0U && is_rest(1) && is_rest(2)) {
    return (byte(0) & 0x0fU) << 12U | bits(1) << 6U | bits(2);
  }
  return 0;
}

// Source: the Unicode Character Database, Bidi_Control, and the categories Zl and Zp.
bool is_unicode_control(std::uint32_t character) {
  constexpr std::pair<std::uint32_t, std::uint32_t> kRanges[] = {
      {0x80, 0x9f},      // C1
      {0x61c, 0x61c},    // the mark of Arabic letters
      {0x200e, 0x200f},  // marks of a direction
      {0x2028, 0x202e},  // ends of line and paragraph; embeddings and overrides
      {0x2066, 0x2069},  // isolates
  };
  return std::any_of(std::begin(kRanges), std::end(kRanges), [&](const auto& range) {
    return range.first <= character && character <= range.second;
  });
}

}  // namespace

std::string escape_controls(std::string_view text, std::string_view keep) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (const auto character = short_character(text.substr(i)); is_unicode_control(character)) {
      result += fmt::format("\\u{:04x}", character);
      i += character < 0x800 ? 1 : 2;
    } else if ((byte < ' ' || byte == 0x7f) && keep.find(text[i]) == std::string_view::npos) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string format_error(const Error& error) {
  constexpr std::string_view kKeep = "\n\t";  // some of our own messages have several lines
  std::string text = "error: " + escape_controls(error.message(), kKeep) + "\n";
  for (const auto& cause : error.causes()) {
    text += cause.find('\n') == std::string::npos ? "  caused by: " + escape_controls(cause, kKeep)
                                                  : cause;
    if (!text.ends_with('\n')) text += '\n';
  }
  for (const auto& hint : error.hints()) text += "hint: " + escape_controls(hint, kKeep) + "\n";
  return text;
}

namespace {

// Insertions, deletions, substitutions and swaps of neighbours: the slips of a typing hand.
// (Optimal string alignment; three rows of the usual table.)
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> last;
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({row[j - 1] + 1, last[j] + 1, substituted});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known) {
  // A third of the letters may differ; more, and the suggestion is a guess. The word is cut, since
  // it comes from outside and the table of distances is quadratic.
  word = word.substr(0, 128);
  std::size_t best_distance = word.size() / 3 + 1;
  std::string_view best;
  for (const auto candidate : known) {
    const auto distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace wasmctl
