// Go, or TinyGo where a plugin needs that, for the directory of a plugin: its go.mod may ask for
// another Go than elsewhere, which go fetches itself.
// Source: Go 1.24 Release Notes, "WebAssembly"; TinyGo, "Using WASM".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "compile/toolchain.hpp"

namespace wasmctl::compile {

struct GoToolchain {
  fs::path program;
  std::vector<std::string> words;        // `build` and what makes a module of it
  std::vector<std::string> environment;  // NAME=VALUE
};

// What a plugin's go.mod says of the compiler that it is for.
enum class GoKind : std::uint8_t {
  any,   // Go, or TinyGo where that is too old
  tiny,  // its SDK knows TinyGo alone
};
GoKind kind_of_go(std::string_view go_mod);

// Whether a version as Go says it, `go1.24.3`, makes modules that a host can call: 1.24 is the
// first with -buildmode=c-shared for wasip1.
bool is_new_enough(std::string_view go_version);

// Throws Error{Code::tool_missing} that says what is missing, and how to install it.
GoToolchain find_go(const ToolchainSearch& search, const fs::path& directory, GoKind kind);

}  // namespace wasmctl::compile
