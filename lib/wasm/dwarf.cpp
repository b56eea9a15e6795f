#include "wasm/dwarf.hpp"

namespace wasmctl::wasm::dwarf {

std::string_view section(const Module& module, std::string_view name) {
  const auto* const found = module.find_custom_section(name);
  return found == nullptr ? std::string_view() : found->content();
}

std::uint64_t fixed(Reader& reader, std::size_t size) {
  const auto bytes = reader.take(size, "debug information");
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string_view text_at(std::string_view texts, std::uint64_t offset) {
  if (offset >= texts.size()) return {};
  const auto rest = texts.substr(offset);
  return rest.substr(0, rest.find('\0'));
}

std::string_view text(Reader& reader) {
  Reader ahead = reader;
  std::size_t size = 0;
  while (ahead.byte("a name") != 0) ++size;
  const auto result = reader.take(size, "a name");
  reader.take(1, "a name");
  return result;
}

}  // namespace wasmctl::wasm::dwarf
