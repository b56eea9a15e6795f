// What only the registries know about the images that manifests name.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/finding.hpp"
#include "kube/check/inventory.hpp"
#include "oci/pulled_image.hpp"
#include "oci/reference.hpp"

namespace wasmctl::kube {

std::span<const Rule> image_check_rules();

// Opens an image; its errors are those of oci::PulledImage.
using OpenImage = std::function<oci::PulledImage&(const oci::Reference&)>;

// Of an image that is there: why its signature does not count; empty if it does.
using VerifyImage = std::function<std::string(const oci::Reference&)>;

// Whether each image is signed. `verify` may throw what Store's functions do; a plugin that loads
// something else than an image has nothing that could be signed.
inline constexpr Rule kSignedRule = {"image-signed", Severity::error,
                                     "the plugin is an image that the key has signed"};
std::vector<Finding> check_signatures(const Inventory& inventory, const VerifyImage& verify);

// Asks for each image of a plugin: is it there, is its pin one that its fetcher takes, does its
// module load, and does the config fit the schema that travels with it (kConfigSchemaRule)? Throws
// Error{Code::network} or {denied} where a registry gives no answer.
std::vector<Finding> check_images(const Inventory& inventory, const OpenImage& open);

}  // namespace wasmctl::kube
