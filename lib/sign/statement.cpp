#include "sign/statement.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/json_member.hpp"
#include "base/printable.hpp"
#include "oci/manifest.hpp"

namespace wasmctl::sign {

namespace {

using base::text_member;
using nlohmann::json;

constexpr std::string_view kStatementPrefix = "https://in-toto.io/Statement/v";
constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
constexpr std::size_t kMostOfType = 200;  // of what a message quotes

// What is signed: DSSE's pre-authentication encoding, which binds the type to the text.
std::string dsse_message(std::string_view payload) {
  return fmt::format("DSSEv1 {} {} {} {}", kPayloadType.size(), kPayloadType, payload.size(),
                     payload);
}

[[noreturn]] void refuse_bundle(std::string_view why) {
  throw Error(Code::bad_input, fmt::format("the bundle {}", why));
}

std::string bytes_member(const json& object, const char* key) {
  auto bytes = base::base64_decode(text_member(object, key));
  if (!bytes) refuse_bundle(fmt::format("has a `{}` that is not base64", key));
  return *std::move(bytes);
}

// The member of an object; null (JSON's) where there is none.
json member(const json& object, const char* key) {
  return object.is_object() ? object.value(key, json()) : json();
}

// There is one, as cosign demands it; of many each would have to be tried, which takes as long as
// whoever wrote them likes. Null (JSON's) where there are others.
// Source: sigstore-go, pkg/verify/signature.go, ErrDSSEInvalidSignatureCount.
json only_signature(const json& envelope) {
  const auto signatures = member(envelope, "signatures");
  return signatures.is_array() && signatures.size() == 1 ? signatures.front() : json();
}

}  // namespace

std::string to_json_text(const Statement& statement) {
  json subjects = json::array();
  for (const auto& digest : statement.subjects) {
    subjects.push_back({{"digest", {{"sha256", digest.hex()}}}});
  }
  return json{{"_type", kStatementType},
              {"subject", std::move(subjects)},
              {"predicateType", statement.predicate_type},
              {"predicate", statement.predicate}}
      .dump(-1, ' ', false, json::error_handler_t::replace);  // names of files may be anything
}

Statement parse_statement(std::string_view text) {
  const auto value = oci::parse_json(text, "the statement");
  if (!value.is_object() || !text_member(value, "_type").starts_with(kStatementPrefix)) {
    throw Error(Code::bad_input, "what was signed is not an in-toto statement");
  }
  Statement statement;
  statement.predicate_type = text_member(value, "predicateType");
  statement.predicate = member(value, "predicate");
  for (const auto& subject : member(value, "subject")) {
    const auto hex = text_member(member(subject, "digest"), "sha256");
    if (!hex.empty()) statement.subjects.push_back(oci::Digest::parse("sha256:" + hex));
  }
  return statement;
}

std::string make_bundle(const Statement& statement, const PrivateKey& key) {
  const auto payload = to_json_text(statement);
  const auto signature = key.sign(dsse_message(payload));
  const json bundle = {
      {"mediaType", kBundleType},
      {"verificationMaterial", {{"publicKey", {{"hint", key.public_key().hint()}}}}},
      {"dsseEnvelope",
       {{"payload", base::base64_encode(payload)},
        {"payloadType", kPayloadType},
        {"signatures", json::array({{{"sig", base::base64_encode(signature)}}})}}}};
  return bundle.dump();
}

bool Bundle::is_signed_by(const PublicKey& key) const {
  return key.verify(dsse_message(payload), signature);
}

Bundle parse_bundle(std::string_view text) {
  const auto value = oci::parse_json(text, "the bundle");
  const auto type = value.is_object() ? text_member(value, "mediaType") : "";
  if (type != kBundleType) {
    refuse_bundle(
        fmt::format("is of type `{}`, not `{}`", base::printable(type, kMostOfType), kBundleType));
  }
  const auto envelope = member(value, "dsseEnvelope");
  if (!envelope.is_object()) refuse_bundle("has no DSSE envelope");
  if (text_member(envelope, "payloadType") != kPayloadType) {
    refuse_bundle("holds something else than an in-toto statement");
  }
  Bundle bundle;
  const auto key = member(member(value, "verificationMaterial"), "publicKey");
  if (key.is_object()) bundle.hint = text_member(key, "hint");
  bundle.payload = bytes_member(envelope, "payload");
  if (const auto signature = only_signature(envelope); signature.is_object()) {
    bundle.signature = bytes_member(signature, "sig");
  }
  return bundle;
}

}  // namespace wasmctl::sign
