// Makes a linked module smaller without changing what it does.
#pragma once

#include <cstdint>
#include <string>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

enum class Names : std::uint8_t {
  none,  // smallest_name_section() alone
  kept,  // back-traces of the proxy read without the side file
};

// What the build hands out of a module that was linked with names and DWARF: without custom
// sections for tools, the numbers in its code and the sizes of its sections in as few bytes as they
// need, and without zeros in its data. The same input gives the same bytes, so the shipped module
// can be had from the side file alone. Throws Error{Code::bad_input} for code or data that is none.
std::string shipped(const Module& linked, Names names);

}  // namespace wasmctl::wasm
