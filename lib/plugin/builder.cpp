#include "plugin/builder.hpp"

#include <algorithm>
#include <iterator>

namespace wasmctl::plugin {

namespace {

// A file that tells, by being there, that a directory is for another builder than clang.
struct Marker {
  std::string_view file;
  Builder builder;
  std::string_view advice;
};

constexpr Marker kMarkers[] = {
    {"Cargo.toml", Builder::cargo, "cargo goes by Cargo.toml: say it in its [profile.release]"},
    {"go.mod", Builder::go, "Go goes by go.mod and GOFLAGS"},
};

}  // namespace

Builder builder_of(const std::filesystem::path& directory) {
  std::error_code ignored;
  for (const auto& marker : kMarkers) {
    if (std::filesystem::is_regular_file(directory / marker.file, ignored)) return marker.builder;
  }
  return Builder::clang;
}

std::string_view advice_of(Builder builder) {
  const auto* const marker = std::ranges::find(kMarkers, builder, &Marker::builder);
  return marker == std::end(kMarkers) ? "" : marker->advice;
}

}  // namespace wasmctl::plugin
