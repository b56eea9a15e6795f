#include "cli/manifest_file.hpp"

#include "base/files.hpp"

namespace wasmctl::cli {

ManifestFile read_manifest(const std::string& file, std::uint64_t most) {
  constexpr char kStdin[] = "/dev/stdin";
  if (file == "-" || file == kStdin) return {"stdin", base::read_file(kStdin, most)};
  return {file, base::read_file(file, most)};
}

}  // namespace wasmctl::cli
