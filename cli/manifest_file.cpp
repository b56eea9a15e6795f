#include "cli/manifest_file.hpp"

#include <cstdint>

#include "base/files.hpp"

namespace wasmctl::cli {

ManifestFile read_manifest(const std::string& file) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 29U;
  constexpr char kStdin[] = "/dev/stdin";
  if (file == "-" || file == kStdin) return {"stdin", base::read_file(kStdin, kMaxBytes)};
  return {file, base::read_file(file, kMaxBytes)};
}

}  // namespace wasmctl::cli
