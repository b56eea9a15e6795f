// What is said of an image and signed: an in-toto statement, in a DSSE envelope, in a Sigstore
// bundle.
//
//     {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
//      "verificationMaterial": {"publicKey": {"hint": "..."}},
//      "dsseEnvelope": {"payloadType": "application/vnd.in-toto+json", "payload": "...",
//                       "signatures": [{"sig": "..."}]}}
//
// Sources: sigstore/cosign, specs/BUNDLE_SPEC.md; sigstore/protobuf-specs, sigstore_bundle.proto;
// secure-systems-lab/dsse, protocol.md; in-toto/attestation, spec/v1/statement.md.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/digest.hpp"
#include "sign/key.hpp"

namespace wasmctl::sign {

// Of bundles, as artifactType and as type of the layer; what comes behind the prefix is a version.
inline constexpr std::string_view kBundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
inline constexpr std::string_view kBundleTypePrefix = "application/vnd.dev.sigstore.bundle";

// The predicate of a statement that is a signature and no more.
inline constexpr std::string_view kSignaturePredicate = "https://sigstore.dev/cosign/sign/v1";

struct Statement {
  std::vector<oci::Digest> subjects;
  std::string predicate_type;
  nlohmann::json predicate;
};

// The same statement gives the same bytes.
std::string to_json_text(const Statement& statement);

// Throws Error{Code::bad_input}. Subjects whose digests are of other algorithms are passed over.
Statement parse_statement(std::string_view text);

std::string make_bundle(const Statement& statement, const PrivateKey& key);

struct Bundle {
  std::optional<std::string> hint;  // of the key; null: a certificate vouches for it
  std::string payload;              // the statement, as it was signed
  std::string signature;            // empty: there is not one, and so none that counts

  bool is_signed_by(const PublicKey& key) const;
};

// Throws Error{Code::bad_input} for what is no bundle, of another version, or of other content.
Bundle parse_bundle(std::string_view text);

}  // namespace wasmctl::sign
