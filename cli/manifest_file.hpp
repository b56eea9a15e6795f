// Files that flags name: manifests, and configs.
#pragma once

#include <cstdint>
#include <string>

namespace wasmctl::cli {

struct ManifestFile {
  std::string name;  // for messages; of standard input "stdin"
  std::string text;
};

inline constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{1} << 29U;
inline constexpr std::uint64_t kMaxConfigBytes = std::uint64_t{1} << 20U;  // etcd takes no larger

// `-` is standard input. Throws Error{Code::not_found} or {io}, and Error{Code::bad_input} for what
// is larger than `most` bytes.
ManifestFile read_manifest(const std::string& file, std::uint64_t most = kMaxManifestBytes);

}  // namespace wasmctl::cli
