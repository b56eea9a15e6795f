#include "cli/pin.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "registry/repository.hpp"

namespace wasmctl::cli {

Pinned pin(Context& context, const oci::Reference& reference, const RegistryOptions& options) {
  const auto repository = registry::open_repository(reference, registry_options(context, options));
  const auto manifest = registry::fetch_for_istio(*repository, reference);
  const auto& digest = manifest.descriptor.digest;
  return {oci::to_string(oci::pinned(reference, digest)), digest.hex(),
          registry::fetch_config_schema(*repository, manifest)};
}

void require_registry(const oci::Reference& reference) {
  if (!reference.is_layout()) return;
  throw Error(Code::usage,
              fmt::format("SOURCE: no cluster can pull from `{}`", oci::to_string(reference)))
      .hint("copy the image to a registry, and name that: `wasmctl copy`");
}

}  // namespace wasmctl::cli
