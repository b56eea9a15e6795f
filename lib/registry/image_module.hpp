// What an image holds: its module, and what travels with it.
#pragma once

#include <optional>
#include <string>

#include "base/content.hpp"
#include "oci/descriptor.hpp"
#include "oci/image.hpp"
#include "oci/reference.hpp"
#include "registry/repository.hpp"

namespace wasmctl::registry {

// The manifest that Istio's fetcher loads from `reference`, whose digest is the only right pin
// (spec.sha256, `@sha256:`): an index's linux/amd64 child, else the manifest itself. Throws
// Error{Code::not_found} for a missing image, Error{Code::unloadable} for an index without such a
// child.
oci::Blob fetch_for_istio(Repository& repository, const oci::Reference& reference);
// The same of what `reference` names, if that has been fetched.
oci::Blob fetch_for_istio(Repository& repository, const oci::Reference& reference, oci::Blob named);

enum class WithSchema : bool { no, yes };

// The JSON Schema of the plugin's configuration that travels with the module of `manifest`, which
// is not an index; null if it announces none. Throws Error{Code::bad_input} if what it announces is
// not there.
std::optional<std::string> fetch_config_schema(Repository& repository, const oci::Blob& manifest);

// The Wasm module in an image of any format, verified, with the descriptor of the manifest that
// holds it: of an index, the first of oci::module_candidates() that does, in nested indexes too.
struct FetchedModule {
  base::Content content;
  oci::Descriptor manifest;
  std::optional<std::string> config_schema;  // if it was asked for: as of fetch_config_schema()
};
FetchedModule fetch_module(Repository& repository, const oci::Reference& reference,
                           WithSchema with_schema = WithSchema::no);
// The module of a manifest that is no index; `reference` is for messages. The layer is fetched once
// for both.
FetchedModule fetch_module(Repository& repository, const oci::Reference& reference,
                           const oci::Blob& manifest, WithSchema with_schema = WithSchema::no);

}  // namespace wasmctl::registry
