// Whether a plugin's directory builds the module that an image has.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "cli/flags/build_flags.hpp"
#include "oci/pulled_image.hpp"
#include "oci/store.hpp"

namespace wasmctl::cli {

struct Rebuilt {
  std::string sha256;  // hex digits, of the module
  std::uint64_t bytes = 0;
};

// Builds `directory` anew, in a directory of its own. Throws Error{Code::verification} if that
// makes other bytes, with what differs: sections, and of what the image's provenance names (whoever
// wrote it: `store` is asked) compiler, SDK, flags and sources.
Rebuilt rebuild(Context& context, const std::string& directory, const BuildFlags& flags,
                oci::PulledImage& image, oci::Store& store);

}  // namespace wasmctl::cli
