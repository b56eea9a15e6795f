// Signatures of images, as cosign makes and reads them, in a registry or an image layout. No clock,
// no log of transparency and no other server is asked.
//
// Each is written in two forms, so that every verifier finds one: a bundle as a referrer (cosign
// from 2.6 on, Kyverno) and a simple signing payload under the tag `sha256-<hex>.sig` (all cosigns,
// Kyverno, policy-controller, podman).
// Sources: sigstore/cosign, specs/BUNDLE_SPEC.md and specs/SIGNATURE_SPEC.md ("Storage").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oci/store.hpp"
#include "sign/build_record.hpp"
#include "sign/key.hpp"
#include "sign/statement.hpp"

namespace wasmctl::sign {

enum class Form : std::uint8_t {
  bundle,  // a referrer with a Sigstore bundle
  tag,     // a layer of the image under cosign's tag
};
std::string_view to_string(Form form);

// A statement or payload about an image that is there.
struct Found {
  Form form = Form::bundle;
  oci::Digest holder;  // the manifest that holds it
  // Of a bundle that verifies. kSignaturePredicate: it is a signature; else an attestation.
  std::string predicate_type = {};
  std::string identity = {};      // of a payload that verifies
  nlohmann::json predicate = {};  // of a bundle that verifies
  std::string why_not = {};       // it does not count; empty: it verifies
};

// What there is about one manifest, judged by `key`, in the order in which it is kept. Throws
// Error{Code::verification} for a bundle that names the key, and is not what the key signed or is
// about another image; and what Store's functions do, likewise where bytes do not have their
// digest.
std::vector<Found> find_statements(oci::Store& store, const oci::Digest& subject,
                                   const PublicKey& key);

struct SignOptions {
  std::string identity;                // what a payload calls the image
  std::optional<std::string> created;  // RFC 3339; of the manifests that are written
};

struct Signed {
  oci::Digest subject;
  bool made_bundle = false;  // false: there is one by this key already
  bool made_tag = false;
};

// Signs what `selector` names, and of an index all that it lists: consumers pin either. Where the
// key has signed already, nothing is written.
std::vector<Signed> sign_image(oci::Store& store, const oci::Selector& selector,
                               const PrivateKey& key, const SignOptions& options);

// Adds the statement about `subject`, unless one by this key with the same predicate is there.
// Returns false if it is.
bool attest(oci::Store& store, const oci::Descriptor& subject, const std::string& predicate_type,
            const nlohmann::json& predicate, const PrivateKey& key, const SignOptions& options);

// The same without a key: a referrer of the document's own type, or a bare statement.
void attach(oci::Store& store, const oci::Descriptor& subject, const RecordForm& form,
            const nlohmann::json& document, const SignOptions& options);

// The first provenance about the image, signed by anybody or nobody: what may be wrong, and helps
// to find out what differs. Null if there is none that can be read.
std::optional<nlohmann::json> said_provenance(oci::Store& store, const oci::Digest& subject);

struct Verified {
  oci::Descriptor manifest;
  std::vector<Found> signatures;    // one at least
  std::vector<Found> attestations;  // by the same key
  std::vector<Found> others;        // that say why they do not count
};

// The image is there, every byte of it has its digest, and the key has signed it. Throws
// Error{Code::verification} that says what of this is not so. `key_name`: for messages.
Verified verify_image(oci::Store& store, const oci::Selector& selector, const PublicKey& key,
                      const std::string& key_name);

}  // namespace wasmctl::sign
