// An image's name made so that it can never mean another image.
#pragma once

#include "oci/consumers.hpp"
#include "oci/pulled_image.hpp"
#include "oci/reference.hpp"

namespace wasmctl::cli {

// `reference`, which `image` was opened by, with the digest of the manifest that the consumer
// takes; never an index's: it is what Istio compares sha256 with. Throws Error{Code::unloadable}
// for an image that it does not load.
oci::Reference pin(oci::PulledImage& image, const oci::Reference& reference,
                   oci::Consumer consumer);

// Throws Error{Code::usage} for an image layout on disk, which no cluster can pull from.
void require_registry(const oci::Reference& reference);

}  // namespace wasmctl::cli
