// A pattern of the table (sight.hpp, Form), ready to be looked for in a line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::explain {

struct Capture {
  std::string_view name;   // as in the pattern
  std::string_view value;  // points into the line
};

struct Match {
  std::size_t begin = 0;  // in the line
  std::size_t end = 0;
  std::vector<Capture> captures;
  std::size_t literal = 0;  // bytes of it that the pattern has word for word
};

class Pattern {
 public:
  // `text` must outlive the pattern. It begins with a literal, and has one between two places.
  explicit Pattern(std::string_view text);

  // The longest literal without what JSON would escape: a line without it does not match.
  std::string_view needle() const;

  // The first place of the line where all of it fits.
  std::optional<Match> match(std::string_view line) const;

  // The names of its places, but for nameless ones.
  std::vector<std::string_view> names() const;

 private:
  enum class Kind { literal, word, text };
  struct Piece {
    Kind kind;
    std::string_view text;  // of a place its name
  };
  enum class Outcome { fits, not_here, nowhere };
  Outcome match_at(std::string_view line, std::size_t piece, Match& match) const;

  std::vector<Piece> pieces_;
};

}  // namespace wasmctl::explain
