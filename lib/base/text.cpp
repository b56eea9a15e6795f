#include "base/text.hpp"

namespace wasmctl::base {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return result;
}

}  // namespace wasmctl::base
