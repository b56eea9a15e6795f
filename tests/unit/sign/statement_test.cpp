#include "sign/statement.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "sign/simple_signing.hpp"
#include "tests/unit/sign/sample_keys.hpp"

namespace wasmctl::sign {

namespace {

using nlohmann::json;

const auto kSubject = oci::Digest::of("an image");

template <typename Parse>
std::string message_of(const Parse& parse) {
  try {
    parse();
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == Code::bad_input);
    return error.message();
  }
}

}  // namespace

TEST_CASE("a statement is in-toto's, and read as it is written") {
  const Statement statement{{kSubject}, std::string(kSignaturePredicate), json::object()};
  const auto text = to_json_text(statement);
  CHECK(text == R"({"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":)"
                R"("https://sigstore.dev/cosign/sign/v1","subject":[{"digest":{"sha256":")" +
                    kSubject.hex() + R"("}}]})");
  const auto read = parse_statement(text);
  CHECK(read.subjects == statement.subjects);
  CHECK(read.predicate_type == statement.predicate_type);
  CHECK(read.predicate == statement.predicate);
}

TEST_CASE("of a statement, what nobody needs is passed over") {
  const auto read = parse_statement(
      R"({"_type":"https://in-toto.io/Statement/v0.1","subject":[null,{"digest":{"sha512":"00"}},)"
      R"({"name":"x","digest":{"sha256":")" +
      kSubject.hex() + R"("}}]})");
  CHECK(read.subjects == std::vector{kSubject});
  CHECK(read.predicate_type.empty());
  CHECK(read.predicate.is_null());
}

TEST_CASE("what is no statement is refused") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "the statement is no JSON (byte 1)"},
      {"[]", "what was signed is not an in-toto statement"},
      {"{}", "what was signed is not an in-toto statement"},
      {R"({"_type":"https://example.com/Statement/v1"})",
       "what was signed is not an in-toto statement"},
      {R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"12"}}]})",
       "digest `sha256:12` has 2 hex digits, sha256 has 64"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK(message_of([&, t = text] { parse_statement(t); }) == message);
  }
}

TEST_CASE("a bundle is Sigstore's, and verifies with its key alone") {
  const auto key = PrivateKey::parse(kEd25519Key, "k", nullptr);
  const auto text = make_bundle({{kSubject}, "https://example.com/p", {{"a", 1}}}, key);
  const auto value = json::parse(text);
  CHECK(value.at("mediaType") == "application/vnd.dev.sigstore.bundle.v0.3+json");
  CHECK(value.at("/verificationMaterial/publicKey/hint"_json_pointer) == key.public_key().hint());
  CHECK(value.at("/dsseEnvelope/payloadType"_json_pointer) == "application/vnd.in-toto+json");

  const auto bundle = parse_bundle(text);
  CHECK(bundle.is_signed_by(key.public_key()));
  CHECK_FALSE(bundle.is_signed_by(PrivateKey::generate().public_key()));
  CHECK(parse_statement(bundle.payload).subjects == std::vector{kSubject});
  CHECK(make_bundle({{kSubject}, "https://example.com/p", {{"a", 1}}}, key) == text);

  auto changed = bundle;
  changed.payload += " ";
  CHECK_FALSE(changed.is_signed_by(key.public_key()));
  changed = bundle;
  changed.signature.clear();
  CHECK_FALSE(changed.is_signed_by(key.public_key()));
  // The payload alone is not what is signed, but its type with it.
  changed = bundle;
  changed.signature = key.sign(bundle.payload);
  CHECK_FALSE(changed.is_signed_by(key.public_key()));
}

TEST_CASE("of several signatures none counts, nor is each tried") {
  const auto key = PrivateKey::parse(kEd25519Key, "k", nullptr);
  auto value = json::parse(make_bundle({{kSubject}, "https://example.com/p", {}}, key));
  auto& signatures = value.at("/dsseEnvelope/signatures"_json_pointer);
  const auto one = signatures.front();
  const json others[] = {json::array(), json::array({one, one}), json::array({"AA=="}), one};
  for (const auto& other : others) {
    signatures = other;
    CAPTURE(other.dump());
    CHECK(parse_bundle(value.dump()).signature.empty());
    CHECK_FALSE(parse_bundle(value.dump()).is_signed_by(key.public_key()));
  }
}

TEST_CASE("what is no bundle is refused, and why is said") {
  const std::string head = R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json")";
  const auto envelope =
      head + R"(,"dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","payload":"AA==",)";
  const std::pair<std::string, std::string> cases[] = {
      {"", "the bundle is no JSON (byte 1)"},
      {"[]", "the bundle is of type ``, not `application/vnd.dev.sigstore.bundle.v0.3+json`"},
      {R"({"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1"})",
       "the bundle is of type `application/vnd.dev.sigstore.bundle+json;version=0.1`, not "
       "`application/vnd.dev.sigstore.bundle.v0.3+json`"},
      {head + "}", "the bundle has no DSSE envelope"},
      {head + R"(,"messageSignature":{}})", "the bundle has no DSSE envelope"},
      {head + R"(,"dsseEnvelope":{}})",
       "the bundle holds something else than an in-toto statement"},
      {head + R"(,"dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","payload":"*"}})",
       "the bundle has a `payload` that is not base64"},
      {envelope + R"("signatures":[{"sig":"*"}]}})", "the bundle has a `sig` that is not base64"},
      {R"({"mediaType":")" + std::string(1000, 'x') + R"("})",
       "the bundle is of type `" + std::string(200, 'x') +
           "...`, not `application/vnd.dev.sigstore.bundle.v0.3+json`"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK(message_of([&, t = text] { parse_bundle(t); }) == message);
  }
}

TEST_CASE("the older payload has the bytes of cosign's") {
  CHECK(to_json_text(SimplePayload{kSubject, "ghcr.io/acme/a"}) ==
        R"({"critical":{"identity":{"docker-reference":"ghcr.io/acme/a"},"image":)"
        R"({"docker-manifest-digest":")" +
            kSubject.text() + R"("},"type":"cosign container image signature"},"optional":null})");
}

TEST_CASE("the older payload is read, or refused") {
  const auto payload = parse_simple_payload(to_json_text(SimplePayload{kSubject, "a/b"}));
  CHECK(payload.digest == kSubject);
  CHECK(payload.identity == "a/b");
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "the payload is not a signature of an image"},
      {R"({"critical":{"type":"atomic container signature"}})",
       "the payload is not a signature of an image"},
      {R"({"critical":{"type":"cosign container image signature"}})",
       "digest `` has no algorithm: sha256:<64 hex>"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK(message_of([&, t = text] { parse_simple_payload(t); }) == message);
  }
}

}  // namespace wasmctl::sign
