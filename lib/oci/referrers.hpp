// Referrers: manifests that are about another one, their `subject`, such as signatures.
// Sources: OCI Image Specification v1.1, manifest.md (subject); OCI Distribution Specification
// v1.1, "Listing referrers" and "Referrers tag schema".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "oci/image.hpp"
#include "oci/manifest.hpp"

namespace wasmctl::oci {

struct Referrer {
  Digest subject;
  Descriptor descriptor;  // as lists of referrers have it, with artifactType and annotations
};

// Null for a manifest or index without a subject.
std::optional<Referrer> as_referrer(const Blob& manifest);

// The tag of the index in which clients list the referrers of `subject`, where the registry itself
// keeps no list: "sha256-<hex>".
std::string referrers_tag(const Digest& subject);

// The tags by which cosign names what is about `subject`, where it uses no referrers:
// "sha256-<hex>.sig" for signatures, likewise .att and .sbom.
// Source: sigstore/cosign, specs/SIGNATURE_SPEC.md, "Storage".
std::string signature_tag(const Digest& subject);
bool is_cosign_tag(std::string_view tag);
// The tag without its suffix; empty if it is none of these.
std::string_view cosign_tag_stem(std::string_view tag);

// The text of that index (`list`; null: there is none yet) with one more entry, unless it is there.
// What else other tools have written into it stays.
std::string with_referrer(const std::optional<Blob>& list, const Descriptor& referrer);

// Those of this artifact type; "" for all.
std::vector<Descriptor> of_type(std::vector<Descriptor> referrers, std::string_view artifact_type);

}  // namespace wasmctl::oci
