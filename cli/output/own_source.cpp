#include "cli/output/own_source.hpp"

#include <algorithm>

#include "base/place.hpp"

namespace wasmctl::cli {

namespace fs = std::filesystem;

std::optional<fs::path> own_source(const std::string& file, const fs::path& directory) {
  const fs::path path(file);
  const bool is_below = is_own_source(file) && std::ranges::find(path, "..") == path.end();
  if (!is_below) return std::nullopt;
  std::error_code ignored;
  const auto own = (directory / path).lexically_normal();
  return fs::is_regular_file(own, ignored) ? std::optional(own) : std::nullopt;
}

}  // namespace wasmctl::cli
