// What compiles a plugin's directory: clang, cargo or Go, by what is in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace wasmctl::plugin {

enum class Builder : std::uint8_t {
  clang,  // C and C++
  cargo,  // Rust: there is a Cargo.toml
  go,     // there is a go.mod
};

Builder builder_of(const std::filesystem::path& directory);

// Where its tool has what wasmctl.yaml says to clang alone: "cargo goes by Cargo.toml: ...". Of
// clang nothing.
std::string_view advice_of(Builder builder);

}  // namespace wasmctl::plugin
