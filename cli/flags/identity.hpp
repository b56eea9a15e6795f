// What a signature calls an image.
#pragma once

#include <string>

#include "oci/reference.hpp"

namespace wasmctl::cli {

// REGISTRY/REPOSITORY, as cosign has it; empty for a layout.
std::string identity_of(const oci::Reference& reference);

}  // namespace wasmctl::cli
