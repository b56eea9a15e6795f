#include "base/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace wasmctl::base {

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

std::string suggest(std::string_view word, std::span<const std::string_view> known) {
  const auto guess = nearest(word, {known.begin(), known.end()});
  const auto all = fmt::format("one of: {}", fmt::join(known, ", "));
  return guess.empty() ? all : fmt::format("did you mean `{}`? {}", guess, all);
}

}  // namespace wasmctl::base
