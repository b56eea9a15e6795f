// The names of functions: from a module's `name` section, readable.
// Source: WebAssembly Core Specification, appendix A.3 (name section).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

// Function index -> name as it stands in the `name` section; empty without one. A broken name
// section is no error: hosts ignore it too.
std::map<std::uint32_t, std::string> function_names(const Module& module, std::string_view bytes);

// The same of data segments: ".rodata". Source: the extended name section, which linkers write.
std::map<std::uint32_t, std::string> data_segment_names(const Module& module,
                                                        std::string_view bytes);

// A custom section `name` with one empty name, of function 0. Envoy prints the back-trace of a trap
// only for modules that have a name section, whatever is in it; for functions without a name it
// gives index and offset, which `wasmctl symbolize` turns into names.
std::string smallest_name_section();

// `shipped` with the names of `linked`, the same module before it was stripped, in place of its
// own. Throws Error{Code::bad_input}, `file` first.
std::string with_names_of(std::string_view linked, std::string_view shipped, std::string_view file);

// `_ZN1X1fEi` as `X::f(int)`, in C++'s scheme and both of Rust's, without Rust's hashes; another
// name as it is.
std::string demangle(const std::string& symbol);

}  // namespace wasmctl::wasm
