// Many literals looked for at once, in one pass over a text (Aho and Corasick, CACM 18(6), 1975),
// whatever their case: most lines of a log have none, and cost a look at each byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wasmctl::explain {

class Needles {
 public:
  // Of at least one literal, in ASCII, none of them empty.
  explicit Needles(const std::vector<std::string_view>& literals);

  // Where the first literal ends that is found in `text` from `from` on; npos if there is none.
  std::size_t find(std::string_view text, std::size_t from) const;

  // The numbers of all literals that are in `text`, each once, in rising order.
  std::vector<std::size_t> all_in(std::string_view text) const;

 private:
  std::array<std::uint8_t, 256> classes_{};  // of bytes; those in no literal are one
  std::size_t width_ = 1;                    // how many classes there are
  // The next state, times the width, for each state and class. States with a literal come last, so
  // that one comparison tells.
  std::vector<std::uint32_t> next_;
  std::uint32_t first_final_ = 0;
  std::vector<std::vector<std::uint16_t>> literals_;  // of the final states
};

}  // namespace wasmctl::explain
