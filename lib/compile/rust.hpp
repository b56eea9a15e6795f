// cargo and the Rust compiler, for the directory of a plugin: a rust-toolchain.toml in it may name
// other ones than elsewhere.
// Source: The Cargo Book, "External tools", "Environment Variables"; The rustc book, "Platform
// Support".
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "compile/toolchain.hpp"

namespace wasmctl::compile {

struct RustToolchain {
  fs::path cargo;
  std::string target;  // `wasm32-wasip1`: that it has the standard library for
};

// Asks rustc where its libraries are, and looks for one of its names of Wasm there. Throws
// Error{Code::tool_missing} that says what is missing, and how to install it.
RustToolchain find_rust(const ToolchainSearch& search, const fs::path& directory);

// The module among the artifacts that `cargo build --message-format=json` has printed, one message
// a line: that of the crate in `directory` (absolute), or the only one of a workspace. Throws
// Error{Code::build_failed} where there is none or a choice.
fs::path built_module(std::string_view messages, const fs::path& directory);

}  // namespace wasmctl::compile
