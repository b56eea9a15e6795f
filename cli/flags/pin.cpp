#include "cli/flags/pin.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace wasmctl::cli {

oci::Reference pin(oci::PulledImage& image, const oci::Reference& reference,
                   oci::Consumer consumer) {
  if (const auto verdict = image.verdict(consumer); !verdict.why_not.empty()) {
    throw Error(Code::unloadable, fmt::format("{} is not an image for {}: {}", image.name(),
                                              to_string(consumer), verdict.why_not))
        .hint("push the module as what all of them load: `wasmctl pull`, then `wasmctl push`");
  }
  return oci::pinned(reference, image.manifest_for(consumer).digest);
}

void require_registry(const oci::Reference& reference) {
  if (!reference.is_layout()) return;
  throw Error(Code::usage,
              fmt::format("SOURCE: no cluster can pull from `{}`", oci::to_string(reference)))
      .hint("copy the image to a registry, and name that: `wasmctl copy`");
}

}  // namespace wasmctl::cli
