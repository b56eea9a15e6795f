#include "base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace wasmctl {

Error& Error::because(std::string cause) {
  causes_.push_back(std::move(cause));
  return *this;
}

Error& Error::hint(std::string hint) {
  hints_.push_back(std::move(hint));
  return *this;
}

std::string escape_controls(std::string_view text, std::string_view keep) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {  // C1 in UTF-8
      result += fmt::format("\\u{:04x}", next);
      ++i;
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
