// The older form of cosign's signatures: a payload that names the image, as a layer of an image
// under the tag `sha256-<hex>.sig`; the layer's annotation has the signature.
// Sources: sigstore/cosign, specs/SIGNATURE_SPEC.md; containers/image,
// docs/containers-signature.5.md ("simple signing").
#pragma once

#include <string>
#include <string_view>

#include "oci/digest.hpp"

namespace wasmctl::sign {

inline constexpr std::string_view kSimpleSigningType =
    "application/vnd.dev.cosign.simplesigning.v1+json";
// Of such a layer; the second: a certificate vouches for it, no key.
inline constexpr char kSignatureAnnotation[] = "dev.cosignproject.cosign/signature";
inline constexpr char kCertificateAnnotation[] = "dev.sigstore.cosign/certificate";

// `identity`: what the signer calls the image, "ghcr.io/acme/header-logger"; cosign reads it not,
// podman's policies do.
struct SimplePayload {
  oci::Digest digest;
  std::string identity;
};

// The very bytes that cosign writes.
std::string to_json_text(const SimplePayload& payload);

// Throws Error{Code::bad_input}.
SimplePayload parse_simple_payload(std::string_view text);

}  // namespace wasmctl::sign
