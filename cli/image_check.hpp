// What only the registries know about the images that manifests name.
#pragma once

#include <vector>

#include "base/finding.hpp"
#include "cli/flags/source.hpp"
#include "kube/check/inventory.hpp"

namespace wasmctl::cli {

std::vector<Rule> image_check_rules();

// Asks for each image of a plugin: is it there, is its pin one that Istio takes, does its module
// load, and does the config fit the schema that travels with it (kConfigSchemaRule)? Throws
// Error{Code::network} or {denied} where a registry gives no answer.
std::vector<Finding> check_images(const kube::Inventory& inventory, Images& images);

}  // namespace wasmctl::cli
