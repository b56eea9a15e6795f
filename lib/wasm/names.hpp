// The names of functions: from a module's `name` section, readable.
// Source: WebAssembly Core Specification, appendix A.3 (name section).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

// Function index -> name as it stands in the `name` section; empty without one. A broken name
// section is no error: hosts ignore it too.
std::map<std::uint32_t, std::string> function_names(const Module& module);

// The same of data segments: ".rodata". Source: the extended name section, which linkers write.
std::map<std::uint32_t, std::string> data_segment_names(const Module& module);

// A custom section `name` with one empty name, of function 0. Envoy prints the back-trace of a trap
// only for modules that have a name section, whatever is in it; for functions without a name it
// gives index and offset, which `wasmctl symbolize` turns into names.
std::string smallest_name_section();

// `_ZN1X1fEi` as `X::f(int)`, in C++'s scheme and both of Rust's, without Rust's hashes; another
// name as it is.
std::string demangle(const std::string& symbol);

// What Envoy prints of a function with this entry in the name section: demangled as C++ wherever
// that succeeds, so that `f` is `float`. Null for a symbol that would grow beyond all bounds here.
// Source: proxy-wasm-cpp-host, src/bytecode_util.cc, getFunctionNameIndex().
std::optional<std::string> printed_by_envoy(const std::string& written);

}  // namespace wasmctl::wasm
