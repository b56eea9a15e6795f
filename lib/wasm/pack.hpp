// Makes a linked module smaller without changing what it does.
#pragma once

#include <string>
#include <string_view>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

// The module with the numbers in its code and the sizes of its sections in as few bytes as they
// need. A linker that keeps debug information leaves room in them for larger ones: 8 % of a small
// module. Throws Error{Code::bad_input} for code that is none.
std::string with_short_numbers(const Module& module, std::string_view bytes);

// The module without zero bytes in its data, which memory holds anyway. A C++ module is full of
// them (tables of virtual functions whose entries the linker emptied, statics), and linkers write
// them. The data segments are split at long runs of zeros and cut where they begin or end with
// zeros. Modules for which that could change something are given back as they are: those that
// import their memory, or that name segments by number (a data count section).
std::string without_zero_data(const Module& module, std::string_view bytes);

// What the build hands out of a module that was linked with names and DWARF: the above, without
// custom sections, and with smallest_name_section(). The same input gives the same bytes, so the
// shipped module can be had from the side file alone. Throws Error{Code::bad_input}, `file` first.
std::string shipped(std::string_view linked, std::string_view file);

}  // namespace wasmctl::wasm
