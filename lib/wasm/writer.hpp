// The other direction of reader.hpp: numbers, texts and sections as a module spells them, in as few
// bytes as they need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

void put_leb(std::string& out, std::uint64_t value);
void put_signed_leb(std::string& out, std::int64_t value);
void put_text(std::string& out, std::string_view text);  // its length and its bytes

std::string section(SectionId id, std::string_view content);
std::string custom_section(std::string_view name, std::string_view content);

}  // namespace wasmctl::wasm
