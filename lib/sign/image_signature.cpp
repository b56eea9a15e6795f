#include "sign/image_signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "oci/media_type.hpp"
#include "oci/referrers.hpp"
#include "oci/tree.hpp"
#include "sign/simple_signing.hpp"

namespace wasmctl::sign {

namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxStatementBytes = oci::kMaxManifestBytes;  // as they are read

constexpr std::size_t kMostReasons = 8;

constexpr char kContentAnnotation[] = "dev.sigstore.bundle.content";
constexpr char kPredicateAnnotation[] = "dev.sigstore.bundle.predicateType";
constexpr char kCreatedAnnotation[] = "org.opencontainers.image.created";

constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";

constexpr char kByCertificate[] = "a certificate vouches for it, and no key";
constexpr char kPrehashed[] =
    "by this key over a hash (Ed25519ph, as cosign has it and does not verify itself), or changed";
constexpr char kOtherKey[] = "made with another key, or changed since";

oci::Blob blob_of(std::string_view type, std::string text) {
  oci::Blob blob{oci::describe(type, text), {}};
  blob.content = std::move(text);
  return blob;
}

std::string text_of_blob(oci::Store& store, const oci::Descriptor& descriptor) {
  if (descriptor.size > kMaxStatementBytes) {
    throw Error(Code::bad_input, fmt::format("it has more than {} bytes", kMaxStatementBytes));
  }
  return std::string(store.fetch_blob(descriptor).content.view());
}

oci::Manifest single_manifest(oci::Store& store, const oci::Blob& blob) {
  auto document = oci::parse_manifest(blob, store.name_of(oci::by_digest(blob.descriptor.digest)));
  if (auto* const manifest = std::get_if<oci::Manifest>(&document)) return std::move(*manifest);
  throw Error(Code::bad_input, "an index, where a manifest with a signature was expected");
}

// The text of a referrer that has one layer.
std::string only_layer(oci::Store& store, const oci::Digest& holder) {
  const auto manifest = store.fetch_manifest(oci::by_digest(holder));
  const auto layers = single_manifest(store, manifest).layers;
  if (layers.size() != 1) throw Error(Code::bad_input, "it has not one layer");
  return text_of_blob(store, layers.front());
}

bool says(const oci::Annotations& annotations, const char* key) {
  const auto found = annotations.find(key);
  return found != annotations.end() && !found->second.empty();
}

// ---- reading --------------------------------------------------------------------------------

class Reader {
 public:
  Reader(oci::Store& store, const oci::Digest& subject, const PublicKey& key)
      : store_(store), subject_(subject), key_(key), hint_(key.hint()) {}

  std::vector<Found> read() {
    for (const auto& referrer : store_.referrers(subject_, "")) {
      if (!referrer.artifact_type.value_or("").starts_with(kBundleTypePrefix)) continue;
      if (found_.size() == oci::kMaxManifests) break;
      read_unless_unreadable(referrer.digest, [&](Found& found) { read_bundle(found); });
    }
    read_tag();
    return std::move(found_);
  }

 private:
  // Somebody else's document that cannot be read says nothing of the others; bytes that are not
  // what their digest says do.
  template <typename Read>
  void read_unless_unreadable(const oci::Digest& holder, const Read& read) {
    Found found;
    found.holder = holder;
    try {
      read(found);
    } catch (const Error& error) {
      if (error.code() != Code::bad_input && error.code() != Code::not_found) throw;
      found.why_not = error.message();
    }
    found_.push_back(std::move(found));
  }

  void read_bundle(Found& found) {
    judge_bundle(parse_bundle(only_layer(store_, found.holder)), found);
  }

  // Of one whose signature is none by the key. Throws if it says that it is.
  std::string_view why_not(const Bundle& bundle, const Found& found) const {
    if (!bundle.hint) return kByCertificate;
    if (bundle.hint != hint_) return "made with another key";
    if (key_.kind() == kEd25519) return kPrehashed;
    throw broken(found, "names this key, and its signature is not of what it says");
  }

  void judge_bundle(const Bundle& bundle, Found& found) {
    if (!bundle.is_signed_by(key_)) {
      found.why_not = why_not(bundle, found);
      return;
    }
    auto statement = parse_statement(bundle.payload);
    if (std::ranges::find(statement.subjects, subject_) == statement.subjects.end()) {
      throw broken(found, "was signed by this key, and is about another image");
    }
    found.predicate_type = std::move(statement.predicate_type);
    found.predicate = std::move(statement.predicate);
  }

  Error broken(const Found& found, std::string_view why) const {
    return Error(Code::verification, fmt::format("the bundle {} of {} {}", found.holder.text(),
                                                 store_.name_of(oci::by_digest(subject_)), why))
        .hint("somebody changed it: delete it where it is kept, and sign the image again");
  }

  void read_tag() {
    const oci::Selector selector{oci::signature_tag(subject_), std::nullopt};
    const auto there = store_.resolve(selector);
    if (!there) return;
    oci::Manifest manifest;
    try {
      manifest = single_manifest(store_, store_.fetch_manifest(selector));
    } catch (const Error& error) {
      if (error.code() != Code::bad_input) throw;
      found_.push_back({.form = Form::tag, .holder = there->digest, .why_not = error.message()});
      return;
    }
    for (const auto& layer : manifest.layers) {
      if (layer.media_type != kSimpleSigningType) continue;
      if (found_.size() == oci::kMaxManifests) break;
      read_unless_unreadable(there->digest, [&](Found& found) { read_payload(layer, found); });
    }
  }

  void read_payload(const oci::Descriptor& layer, Found& found) {
    found.form = Form::tag;
    const auto annotation = layer.annotations.find(kSignatureAnnotation);
    const auto signature = annotation == layer.annotations.end()
                               ? std::nullopt
                               : base::base64_decode(annotation->second);
    const auto text = text_of_blob(store_, layer);
    if (!signature) throw Error(Code::bad_input, "its layer has no signature");
    if (!key_.verify(text, *signature)) {
      found.why_not = says(layer.annotations, kCertificateAnnotation) ? kByCertificate : kOtherKey;
      return;
    }
    auto payload = parse_simple_payload(text);
    if (payload.digest != subject_) {
      found.why_not = fmt::format("about another image: {}", payload.digest.text());
      return;
    }
    found.identity = std::move(payload.identity);
  }

  oci::Store& store_;
  const oci::Digest& subject_;
  const PublicKey& key_;
  std::string hint_;
  std::vector<Found> found_;
};

bool is_signature(const Found& found) {
  return found.why_not.empty() &&
         (found.form == Form::tag || found.predicate_type == kSignaturePredicate);
}

// ---- writing --------------------------------------------------------------------------------

// A manifest about `subject` with one layer, found by the layer's type.
void push_referrer(oci::Store& store, const oci::Descriptor& subject, oci::Blob layer,
                   oci::Annotations annotations, const SignOptions& options) {
  oci::Manifest manifest;
  manifest.media_type = oci::media_type::kOciManifest;
  manifest.artifact_type = layer.descriptor.media_type;
  manifest.annotations = std::move(annotations);
  if (options.created) manifest.annotations[kCreatedAnnotation] = *options.created;
  manifest.subject = oci::Descriptor{subject.media_type, subject.digest, subject.size, {}, {}, {}};

  oci::Image image;
  image.blobs = {blob_of(kEmptyType, "{}"), std::move(layer)};
  manifest.config = image.blobs.front().descriptor;
  manifest.layers = {image.blobs.back().descriptor};
  image.manifest = blob_of(manifest.media_type, oci::to_json_text(manifest));
  store.push(image, oci::by_digest(image.manifest.descriptor.digest));
}

void push_bundle(oci::Store& store, const oci::Descriptor& subject, const Statement& statement,
                 const PrivateKey& key, const SignOptions& options) {
  push_referrer(
      store, subject, blob_of(kBundleType, make_bundle(statement, key)),
      {{kContentAnnotation, "dsse-envelope"}, {kPredicateAnnotation, statement.predicate_type}},
      options);
}

// Registries and tools that know images want the config of one. The layers are not packed, so their
// digests are what a diff ID is.
oci::Blob signature_config(const std::vector<oci::Descriptor>& layers) {
  json diff_ids = json::array();
  for (const auto& layer : layers) diff_ids.push_back(layer.digest.text());
  const json config = {{"architecture", ""},
                       {"os", ""},
                       {"config", json::object()},
                       {"rootfs", {{"type", "layers"}, {"diff_ids", std::move(diff_ids)}}}};
  return blob_of(oci::media_type::kOciConfig, config.dump());
}

// Beside the signatures that are there.
void push_tag(oci::Store& store, const oci::Digest& subject, const PrivateKey& key,
              const SignOptions& options) {
  const oci::Selector selector{oci::signature_tag(subject), std::nullopt};
  oci::Manifest manifest;
  manifest.media_type = oci::media_type::kOciManifest;
  if (store.resolve(selector)) manifest = single_manifest(store, store.fetch_manifest(selector));

  auto payload =
      blob_of(kSimpleSigningType, to_json_text(SimplePayload{subject, options.identity}));
  auto layer = payload.descriptor;
  layer.annotations[kSignatureAnnotation] = base::base64_encode(key.sign(payload.content.view()));
  manifest.layers.push_back(std::move(layer));

  oci::Image image;
  image.blobs = {std::move(payload), signature_config(manifest.layers)};
  manifest.config = image.blobs.back().descriptor;
  image.manifest = blob_of(manifest.media_type, oci::to_json_text(manifest));
  store.push(image, selector);
}

bool has_signed(const std::vector<Found>& statements, Form form) {
  return std::ranges::any_of(
      statements, [&](const Found& found) { return found.form == form && is_signature(found); });
}

Signed sign_manifest(oci::Store& store, const oci::Descriptor& subject, const PrivateKey& key,
                     const SignOptions& options) {
  const auto there = find_statements(store, subject.digest, key.public_key());
  Signed result{subject.digest, !has_signed(there, Form::bundle), !has_signed(there, Form::tag)};
  if (result.made_bundle) {
    const Statement statement{{subject.digest}, std::string(kSignaturePredicate), json::object()};
    push_bundle(store, subject, statement, key, options);
  }
  if (result.made_tag) push_tag(store, subject.digest, key, options);
  return result;
}

// ---- all of it ------------------------------------------------------------------------------

// Says of what the bytes are.
void fetch_all_blobs(oci::Store& store, const oci::Selector& selector, const oci::Tree& tree) {
  std::vector<oci::Descriptor> blobs;
  for (const auto& [digest, descriptor] : tree.blobs) blobs.push_back(descriptor);
  base::for_each_at_once(blobs.size(), oci::kMaxAtOnce, [&](std::size_t i) {
    try {
      store.fetch_blob(blobs[i], [](std::string_view) {});
    } catch (const Error& error) {
      if (error.code() != Code::verification && error.code() != Code::not_found) throw;
      Error failure(Code::verification,
                    fmt::format("{}: a layer or config of it is not what its manifest says",
                                store.name_of(selector)));
      failure.because(error.message());
      for (const auto& cause : error.causes()) failure.because(cause);
      throw failure;
    }
  });
}

Error not_signed(const std::string& image, const std::string& key_name,
                 const std::vector<Found>& others) {
  Error error(Code::verification, fmt::format("{} is not signed by {}", image, key_name));
  for (const auto& other : std::span(others).first(std::min(others.size(), kMostReasons))) {
    error.because(fmt::format("the {} in {}: {}",
                              other.form == Form::bundle ? "bundle" : "older signature",
                              other.holder.text(), other.why_not));
  }
  if (others.size() > kMostReasons) {
    error.because(fmt::format("and {} more", others.size() - kMostReasons));
  }
  if (others.empty()) {
    error.because("nothing about it is signed")
        .hint(fmt::format("who has the private key signs it: `wasmctl sign {} --key FILE`", image));
  }
  return error;
}

}  // namespace

std::string_view to_string(Form form) {
  return form == Form::bundle ? "bundle" : "tag";
}

std::vector<Found> find_statements(oci::Store& store, const oci::Digest& subject,
                                   const PublicKey& key) {
  return Reader(store, subject, key).read();
}

std::vector<Signed> sign_image(oci::Store& store, const oci::Selector& selector,
                               const PrivateKey& key, const SignOptions& options) {
  const auto root = store.fetch_manifest(selector);
  const auto tree = oci::collect_tree(store, selector, root);
  std::vector<Signed> all;
  for (const auto& [digest, child] : tree.manifests) {
    all.push_back(sign_manifest(store, child.descriptor, key, options));
  }
  all.insert(all.begin(), sign_manifest(store, root.descriptor, key, options));
  return all;
}

bool attest(oci::Store& store, const oci::Descriptor& subject, const std::string& predicate_type,
            const json& predicate, const PrivateKey& key, const SignOptions& options) {
  const auto there = find_statements(store, subject.digest, key.public_key());
  const bool has_it = std::ranges::any_of(there, [&](const Found& found) {
    return found.why_not.empty() && found.predicate_type == predicate_type &&
           found.predicate == predicate;
  });
  if (has_it) return false;
  push_bundle(store, subject, {{subject.digest}, predicate_type, predicate}, key, options);
  return true;
}

void attach(oci::Store& store, const oci::Descriptor& subject, const RecordForm& form,
            const json& document, const SignOptions& options) {
  const bool is_statement = form.media_type == kInTotoType;
  auto text = is_statement
                  ? to_json_text({{subject.digest}, std::string(form.predicate_type), document})
                  : document.dump(-1, ' ', false, json::error_handler_t::replace);
  push_referrer(store, subject, blob_of(form.media_type, std::move(text)), {}, options);
}

std::optional<json> said_provenance(oci::Store& store, const oci::Digest& subject) {
  for (const auto& referrer : store.referrers(subject, "")) {
    const auto type = referrer.artifact_type.value_or("");
    const bool is_bundle = type.starts_with(kBundleTypePrefix);
    if (!is_bundle && type != kInTotoType) continue;
    try {
      const auto text = only_layer(store, referrer.digest);
      auto statement = parse_statement(is_bundle ? parse_bundle(text).payload : text);
      if (statement.predicate_type == kProvenanceForm.predicate_type) {
        return std::move(statement.predicate);
      }
    } catch (const Error& error) {
      if (error.code() != Code::bad_input && error.code() != Code::not_found) throw;
    }
  }
  return std::nullopt;
}

Verified verify_image(oci::Store& store, const oci::Selector& selector, const PublicKey& key,
                      const std::string& key_name) {
  const auto root = store.fetch_manifest(selector);
  fetch_all_blobs(store, selector, oci::collect_tree(store, selector, root));
  Verified result{root.descriptor, {}, {}, {}};
  for (auto& found : find_statements(store, root.descriptor.digest, key)) {
    auto& list = !found.why_not.empty() ? result.others
                 : is_signature(found)  ? result.signatures
                                        : result.attestations;
    list.push_back(std::move(found));
  }
  if (!result.signatures.empty()) return result;
  const auto pinned = oci::pinned(selector, root.descriptor.digest);
  throw not_signed(store.name_of(pinned), key_name, result.others);
}

}  // namespace wasmctl::sign
