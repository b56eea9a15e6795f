#include "wasm/writer.hpp"

namespace wasmctl::wasm {

void put_leb(std::string& out, std::uint64_t value) {
  do {
    const auto low = static_cast<std::uint8_t>(value & 0x7fU);
    value >>= 7U;
    out += static_cast<char>(value == 0 ? low : low | 0x80U);
  } while (value != 0);
}

void put_signed_leb(std::string& out, std::int64_t value) {
  for (;;) {
    const auto low = static_cast<std::uint8_t>(value & 0x7f);
    value >>= 7;
    const bool last = (value == 0 && (low & 0x40U) == 0) || (value == -1 && (low & 0x40U) != 0);
    out += static_cast<char>(last ? low : low | 0x80U);
    if (last) return;
  }
}

void put_text(std::string& out, std::string_view text) {
  put_leb(out, text.size());
  out += text;
}

std::string section(SectionId id, std::string_view content) {
  std::string bytes(1, static_cast<char>(id));
  put_text(bytes, content);
  return bytes;
}

std::string custom_section(std::string_view name, std::string_view content) {
  std::string whole;
  put_text(whole, name);
  whole += content;
  return section(SectionId::custom, whole);
}

}  // namespace wasmctl::wasm
