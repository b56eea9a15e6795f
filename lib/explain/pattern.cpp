#include "explain/pattern.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wasmctl::explain {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

std::size_t find_folded(std::string_view text, std::string_view literal, std::size_t from) {
  const auto* const begin = text.begin() + std::min(from, text.size());
  const auto* const found = std::search(begin, text.end(), literal.begin(), literal.end(),
                                        [](char a, char b) { return folded(a) == folded(b); });
  return found == text.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - text.begin());
}

// Signs that end a sentence or a quotation are not a word's.
std::string_view word_at(std::string_view line, std::size_t begin) {
  auto word = line.substr(begin, line.find_first_of(kBlanks, begin) - begin);
  const auto last = word.find_last_not_of(".,;:'\"`)]}\\");
  return word.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool is_positive_number(std::string_view text) {
  return text.find_first_not_of("0123456789.e+") == std::string_view::npos &&
         text.find_first_of("123456789") != std::string_view::npos;
}

bool fits(std::string_view name, std::string_view value) {
  if (name == "count") return is_positive_number(value);
  return name.empty() || !value.empty();
}

}  // namespace

Pattern::Pattern(std::string_view text) {
  while (!text.empty()) {
    if (text.front() == '<') {
      const auto end = text.find('>');
      auto name = text.substr(1, end - 1);
      const bool is_text = name.ends_with("...");
      if (is_text) name.remove_suffix(3);
      pieces_.push_back({is_text ? Kind::text : Kind::word, name});
      text.remove_prefix(end + 1);
    } else {
      const auto end = std::min(text.find('<'), text.size());
      pieces_.push_back({Kind::literal, text.substr(0, end)});
      text.remove_prefix(end);
    }
  }
}

std::string_view Pattern::needle() const {
  std::string_view longest;
  for (const auto& piece : pieces_) {
    if (piece.kind != Kind::literal) continue;
    auto rest = piece.text;
    while (!rest.empty()) {
      const auto part = rest.substr(0, rest.find_first_of("\"\\\t"));
      if (part.size() > longest.size()) longest = part;
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
  }
  return longest;
}

std::vector<std::string_view> Pattern::names() const {
  std::vector<std::string_view> names;
  for (const auto& piece : pieces_) {
    if (piece.kind != Kind::literal && !piece.text.empty()) names.push_back(piece.text);
  }
  return names;
}

// The pieces from `piece` on, at match.end.
Pattern::Outcome Pattern::match_at(std::string_view line, std::size_t piece, Match& match) const {
  for (; piece < pieces_.size(); ++piece) {
    const auto& [kind, text] = pieces_[piece];
    if (kind == Kind::literal) {
      if (find_folded(line.substr(match.end, text.size()), text, 0) != 0) return Outcome::not_here;
      match.end += text.size();
      match.literal += text.size();
      continue;
    }
    std::string_view value;
    if (piece + 1 == pieces_.size()) {
      value = kind == Kind::word ? word_at(line, match.end) : base::trimmed(line.substr(match.end));
    } else {
      const auto next = find_folded(line, pieces_[piece + 1].text, match.end);
      if (next == std::string_view::npos) return Outcome::nowhere;
      value = line.substr(match.end, next - match.end);
      if (kind == Kind::word && value.find_first_of(kBlanks) != std::string_view::npos) {
        return Outcome::not_here;
      }
    }
    if (!fits(text, value)) return Outcome::not_here;
    if (!text.empty()) match.captures.push_back({text, value});
    match.end = piece + 1 == pieces_.size() ? line.size() : match.end + value.size();
  }
  return Outcome::fits;
}

std::optional<Match> Pattern::match(std::string_view line) const {
  const auto first = pieces_.front().text;
  // A line of one literal over and over is not searched to its end for each.
  constexpr int kMostTries = 32;
  auto begin = find_folded(line, first, 0);
  for (int tries = 0; begin != std::string_view::npos && tries < kMostTries; ++tries) {
    Match match{begin, begin + first.size(), {}, first.size()};
    const auto outcome = match_at(line, 1, match);
    if (outcome == Outcome::fits) return match;
    if (outcome == Outcome::nowhere) break;  // nor is that literal after a later beginning
    begin = find_folded(line, first, begin + 1);
  }
  return std::nullopt;
}

}  // namespace wasmctl::explain
