// Taking images over, from one registry or layout to another, byte for byte.
#pragma once

#include <vector>

#include "oci/descriptor.hpp"
#include "oci/reference.hpp"
#include "oci/store.hpp"

namespace wasmctl::oci {

// Whether to take over, too, what refers to the image or to what it lists, and what refers to that:
// signatures, SBOMs and the like. cosign's count, which it finds by tags.
enum class WithReferrers : bool { no, yes };

struct Copied {
  Descriptor manifest;
  std::vector<Descriptor> referrers;  // if they were asked for
};

// With all that an index lists, manifests and other things: blobs that the target has already are
// not sent, those of the same registry are mounted, foreign layers stay where they are. Throws
// Error{Code::verification} before anything is sent if `target` has another digest.
Copied copy_image(Store& from, const Selector& source, Store& to, const Selector& target,
                  WithReferrers with_referrers = WithReferrers::no);

}  // namespace wasmctl::oci
