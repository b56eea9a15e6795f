// The Proxy-Wasm SDK that plugins are compiled with. It is carried in the program itself, so that
// one file is all there is to install and the SDK always fits the tool.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace wasmctl::build {

struct SdkFile {
  std::string_view name;  // "proxy_wasm_intrinsics.h"
  std::string_view text;
};

std::span<const SdkFile> sdk_files();

// Writes the files into `directory`, where they differ; returns the sources among them (*.cc).
std::vector<std::filesystem::path> extract_sdk(const std::filesystem::path& directory);

}  // namespace wasmctl::build
