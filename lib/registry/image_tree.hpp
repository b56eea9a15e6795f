// An image with all that decides who will load it.
#pragma once

#include "oci/consumers.hpp"
#include "oci/reference.hpp"
#include "registry/repository.hpp"

namespace wasmctl::registry {

// Reads the manifest, or the index and its manifests, and looks into the layer that Istio opens.
// Throws what Repository::fetch_manifest() and fetch_blob() do.
oci::ImageTree read_image_tree(Repository& repository, const oci::Reference& reference);
// The same of `top`, which `reference` names, if that has been fetched.
oci::ImageTree read_image_tree(Repository& repository, const oci::Reference& reference,
                               const oci::Blob& top);

}  // namespace wasmctl::registry
