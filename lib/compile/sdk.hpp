// The Proxy-Wasm SDK that plugins are compiled with. It is carried in the program itself, so that
// one file is all there is to install and the SDK always fits the tool.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wasmctl::compile {

struct SdkFile {
  std::string_view name;  // "proxy_wasm_intrinsics.h", "std/mutex"
  std::string_view text;
};

// The header that plugins include.
inline constexpr char kSdkHeader[] = "proxy_wasm_intrinsics.h";

std::span<const SdkFile> sdk_files();

// The SHA-256 of all names and texts.
std::string sdk_digest();

}  // namespace wasmctl::compile
