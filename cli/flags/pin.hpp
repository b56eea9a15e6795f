// An image's name made so that it can never mean another image.
#pragma once

#include <optional>
#include <string>

#include "cli/command.hpp"
#include "cli/flags/registry_flags.hpp"
#include "oci/consumers.hpp"
#include "oci/reference.hpp"
#include "registry/image_module.hpp"
#include "registry/repository.hpp"

namespace wasmctl::cli {

// By the manifest's digest, never an index's: it is what Istio compares sha256 with.
struct Pinned {
  std::string reference;  // REGISTRY/REPOSITORY[:TAG]@sha256:...
  std::string hex;        // of the digest
  // JSON, of the plugin's configuration, if it was asked for and travels with the image.
  std::optional<std::string> config_schema;
};

// Asks the registry. For the schema a layer is fetched. `consumer`: of oci/consumers.hpp; throws
// Error{Code::unloadable} for an image of a form that it does not load.
Pinned pin(Context& context, const oci::Reference& reference, const RegistryOptions& options,
           std::string_view consumer, registry::WithSchema with_schema = registry::WithSchema::no);

// Throws Error{Code::usage} for an image layout on disk, which no cluster can pull from.
void require_registry(const oci::Reference& reference);

}  // namespace wasmctl::cli
