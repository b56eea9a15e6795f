#include "base/utf8.hpp"

#include <cstddef>

namespace wasmctl::base {

namespace {

// The length of the UTF-8 sequence that `lead` begins, 0 if none does. C0, C1 and F5.. never occur.
std::size_t sequence_length(unsigned lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = at(i);
    const auto length = sequence_length(lead);
    if (length == 0 || text.size() - i < length) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((at(i + k) & 0xc0U) != 0x80U) return false;
    }
    if (length > 2) {
      const unsigned second = at(i + 1);
      const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
      const bool outside = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
      if (overlong || outside) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace wasmctl::base
