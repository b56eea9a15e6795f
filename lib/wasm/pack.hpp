// Leaves out of a module's data what memory holds anyway: zero bytes. A C++ module is full of them
// (tables of virtual functions whose entries the linker emptied, statics), and linkers write them.
#pragma once

#include <string>
#include <string_view>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

// The same module with its data segments split at long runs of zeros and cut where they begin or
// end with zeros. Modules for which that could change something are given back as they are: those
// that import their memory, or that name segments by number (a data count section).
std::string without_zero_data(const Module& module, std::string_view bytes);

}  // namespace wasmctl::wasm
