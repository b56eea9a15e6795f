// What line_table and inlined_calls share: the sections of DWARF in a module, and how their numbers
// and texts are written.
// Source: DWARF Debugging Information Format 5, 7.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wasm/module.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm::dwarf {

// The content of a custom section, ".debug_line" for instance; empty where there is none.
std::string_view section(const Module& module, std::string_view name);

// A number of fixed width, which is little-endian; of `size` up to 8 bytes.
std::uint64_t fixed(Reader& reader, std::size_t size);

// In a section of texts that end with a zero byte: the one at `offset`, empty beyond the end.
std::string_view text_at(std::string_view texts, std::uint64_t offset);

// The same at the reader's place.
std::string_view text(Reader& reader);

}  // namespace wasmctl::wasm::dwarf
