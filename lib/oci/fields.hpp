// The fields of manifests and indexes as Go reads them, for Istio, docker and containerd alike: a
// key in another case than the field's is the field all the same, and of several the last counts.
// A document in which that makes a difference is one image to us and another to them, under one
// digest.
// Sources: encoding/json, Unmarshal; go-containerregistry pkg/v1/manifest.go (the types); OCI Image
// Specification v1.1, considerations.md, and CVE-2021-41190.
#pragma once

#include <cstdint>
#include <string_view>

namespace wasmctl::oci {

// Whether values are judged, too: Go reads nothing of a document in which one has another type than
// its field.
enum class Values : std::uint8_t { any, typed };

// `text` is JSON. Throws Error{Code::bad_input}, which begins with `what`, for a key that differs
// from a field by its case alone or is there twice. What is below `annotations` and unknown fields
// is their authors' own.
void check_fields(std::string_view text, std::string_view what, Values values);

}  // namespace wasmctl::oci
