#include "cli/flags/pin.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "oci/manifest.hpp"

namespace wasmctl::cli {

namespace {

void require_consumer(std::string_view consumer, const oci::Reference& reference,
                      const oci::Blob& manifest) {
  const auto document = oci::parse_manifest(manifest.content, manifest.descriptor.media_type);
  const auto why = oci::why_not(consumer, std::get<oci::Manifest>(document));
  if (why.empty()) return;
  throw Error(Code::unloadable,
              fmt::format("{} is no image for {}: {}", oci::to_string(reference), consumer, why))
      .hint("push the module as what all of them load: `wasmctl pull`, then `wasmctl push`");
}

}  // namespace

Pinned pin(Context& context, const oci::Reference& reference, const RegistryOptions& options,
           std::string_view consumer, registry::WithSchema with_schema) {
  const auto repository = registry::open_repository(reference, registry_options(context, options));
  const auto manifest = registry::fetch_for_istio(*repository, reference);
  require_consumer(consumer, reference, manifest);
  const auto& digest = manifest.descriptor.digest;
  Pinned pinned{oci::to_string(oci::pinned(reference, digest)), digest.hex(), {}};
  if (with_schema == registry::WithSchema::yes) {
    pinned.config_schema = registry::fetch_config_schema(*repository, manifest);
  }
  return pinned;
}

void require_registry(const oci::Reference& reference) {
  if (!reference.is_layout()) return;
  throw Error(Code::usage,
              fmt::format("SOURCE: no cluster can pull from `{}`", oci::to_string(reference)))
      .hint("copy the image to a registry, and name that: `wasmctl copy`");
}

}  // namespace wasmctl::cli
