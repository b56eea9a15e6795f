// The names of Rust's functions, readable: `pantry::shelf::fill`, without the hashes of crates and
// instances, which change with each compiler.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::wasm {

// The scheme before Rust 1.95, `_ZN6pantry4cook17h0123456789abcdefE`, which is C++'s with a hash
// as the last component. Null for what has none.
std::optional<std::string> demangle_rust_legacy(std::string_view symbol);

// The scheme of today, `_RNvCs4kJ2_6pantry4cook`. Null for what does not parse to its end, nests
// deeper than names do, or would grow beyond 16 KiB, since a back reference stands for any length.
// Source: RFC 2603, https://doc.rust-lang.org/rustc/symbol-mangling/v0.html
std::optional<std::string> demangle_rust_v0(std::string_view symbol);

}  // namespace wasmctl::wasm
