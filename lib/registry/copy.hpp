// Taking images over, from one registry or layout to another, byte for byte.
#pragma once

#include <vector>

#include "oci/descriptor.hpp"
#include "oci/reference.hpp"
#include "registry/repository.hpp"

namespace wasmctl::registry {

// Whether to take over, too, what refers to the image or to what it lists, and what refers to that:
// signatures, SBOMs and the like. cosign's count, which it finds by tags.
enum class WithReferrers : bool { no, yes };

struct Copied {
  oci::Descriptor manifest;
  std::vector<oci::Descriptor> referrers;  // if they were asked for
};

// With all that an index lists: blobs that the target has already are not sent, those of the same
// registry are mounted, foreign layers stay where they are. Throws Error{Code::verification} before
// anything is sent if `target` has another digest.
Copied copy_image(Repository& from, const oci::Reference& source, Repository& to,
                  const oci::Reference& target, WithReferrers with_referrers = WithReferrers::no);

}  // namespace wasmctl::registry
