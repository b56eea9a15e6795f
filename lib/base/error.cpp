#include "base/error.hpp"

#include <algorithm>
#include <numeric>

namespace wasmctl {

Error& Error::because(std::string cause) {
  causes_.push_back(std::move(cause));
  return *this;
}

Error& Error::hint(std::string hint) {
  hints_.push_back(std::move(hint));
  return *this;
}

std::string format_error(const Error& error) {
  std::string text = "error: " + error.message() + "\n";
  for (const auto& cause : error.causes()) {
    text += cause.find('\n') == std::string::npos ? "  caused by: " + cause : cause;
    if (!text.ends_with('\n')) text += '\n';
  }
  for (const auto& hint : error.hints()) text += "hint: " + hint + "\n";
  return text;
}

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, substituted});
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
