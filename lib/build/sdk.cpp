#include "build/sdk.hpp"

#include "base/files.hpp"

namespace wasmctl::build {

std::vector<std::filesystem::path> extract_sdk(const std::filesystem::path& directory) {
  base::make_directories(directory);
  std::vector<std::filesystem::path> sources;
  for (const auto& file : sdk_files()) {
    const auto path = directory / file.name;
    base::write_file_if_changed(path, file.text);
    if (path.extension() == ".cc") sources.push_back(path);
  }
  return sources;
}

}  // namespace wasmctl::build
