// Manifests that flags name.
#pragma once

#include <string>

namespace wasmctl::cli {

struct ManifestFile {
  std::string name;  // for messages; of standard input "stdin"
  std::string text;
};

// `-` is standard input. Throws Error{Code::not_found} or {io}, and Error{Code::bad_input} for what
// is larger than any manifest.
ManifestFile read_manifest(const std::string& file);

}  // namespace wasmctl::cli
