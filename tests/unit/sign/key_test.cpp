#include "sign/key.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "tests/unit/sign/sample_keys.hpp"

namespace wasmctl::sign {

namespace {

const Password kSecret = [] { return std::string("secret"); };
const Password kNotAsked = []() -> std::string { throw Error(Code::internal, "asked"); };

std::string refusal_of_public(const std::string& pem) {
  try {
    PublicKey::parse(pem, "k.pub");
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == Code::bad_input);
    return error.message();
  }
}

std::string refusal_of_private(const std::string& pem, const Password& password) {
  try {
    PrivateKey::parse(pem, "k.key", password);
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

// One of the files in cosign's form, with another document in it.
std::string boxed(const std::string& document) {
  return "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n" + base::base64_encode(document) +
         "\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n";
}

}  // namespace

TEST_CASE("keys of every form sign what their public key verifies, and nothing else") {
  struct Case {
    const char* name;
    std::string key;
    std::string public_key;
    Password password;
    const char* kind;
  };
  const Case cases[] = {
      {"cosign's of old", kOldCosignKey, kOldCosignPublic, kSecret, "ECDSA P-256"},
      {"Ed25519", kEd25519Key, kEd25519Public, kNotAsked, "Ed25519"},
      {"encrypted PKCS #8", kEncryptedPkcs8, kEncryptedPkcs8Public, kSecret, "ECDSA P-256"},
      {"EC", kP384Key, kP384Public, kNotAsked, "ECDSA P-384"},
      {"EC with parameters", kP521Key, kP521Public, kNotAsked, "ECDSA P-521"},
      {"PKCS #1", kRsaKey, kRsaPublic, kNotAsked, "RSA 3072"},
  };
  const auto other = PrivateKey::generate().public_key();
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto key = PrivateKey::parse(c.key, "k.key", c.password);
    const auto public_key = PublicKey::parse(c.public_key, "k.pub");
    CHECK(key.public_key().pem() == c.public_key);
    CHECK(public_key.kind() == c.kind);
    CHECK(public_key.hint() == key.public_key().hint());
    auto signature = key.sign("text");
    CHECK(public_key.verify("text", signature));
    CHECK_FALSE(public_key.verify("Text", signature));
    CHECK_FALSE(other.verify("text", signature));
    CHECK_FALSE(public_key.verify("text", ""));
    signature.back() = static_cast<char>(signature.back() ^ 1);
    CHECK_FALSE(public_key.verify("text", signature));
  }
}

TEST_CASE("a key's hint is cosign's: the SHA-256 of its DER, in base64") {
  // openssl pkey -pubin -in k.pub -outform DER | openssl dgst -sha256 -binary | base64
  CHECK(PublicKey::parse(kEd25519Public, "").hint() ==
        "Uju6MRE68GYisazX54Ub2gP9EU7zFi0kXtE1GCHhEJo=");
}

TEST_CASE("a new key is encrypted as cosign does it, whatever the password") {
  const auto key = PrivateKey::generate();
  for (const std::string password : {"", "pass word", "p\xc3\xa4ss"}) {
    const auto pem = key.encrypted_pem(password);
    CHECK(pem.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
    const auto read = PrivateKey::parse(pem, "k.key", [&] { return password; });
    CHECK(read.public_key().pem() == key.public_key().pem());
    CHECK(refusal_of_private(pem, [&] { return password + "x"; }) ==
          "k.key: the password is wrong, or the file was changed");
  }
}

TEST_CASE("what is no public key is refused, and why is said") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "k.pub: not a public key in PEM"},
      {"ssh-ed25519 AAAA", "k.pub: not a public key in PEM"},
      {kEd25519Key, "k.pub: a private key, where the public one is asked for"},
      {kOldCosignKey, "k.pub: a private key, where the public one is asked for"},
      {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
       "k.pub: the public key cannot be read"},
      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
       "k.pub: not a public key in PEM"},
      {kWeakRsaPublic, "k.pub: an RSA key of 1024 bits, not of 2048 to 8192"},
      {kOtherCurvePublic, "k.pub: a key of a kind that cosign does not have"},
      {std::string("text before it\n") + kEd25519Public, ""},
  };
  for (const auto& [pem, message] : cases) {
    CAPTURE(pem);
    CHECK(refusal_of_public(pem) == message);
  }
}

TEST_CASE("what is no private key is refused, and nothing of it is shown") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "k.key: not a private key in PEM"},
      {kEd25519Public, "k.key: a public key, where the private one is asked for"},
      {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
       "k.key: the private key cannot be read"},
      {"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
       "k.key: the private key cannot be read"},
      {boxed("[]"), "k.key: the password's scrypt has other parameters than cosign's"},
      {boxed("{"), "k.key: the encrypted key is no JSON (byte 2)"},
      {boxed(R"({"kdf":{"name":"scrypt","params":{"N":4194304,"r":8,"p":1},"salt":""}})"),
       "k.key: the password's scrypt has other parameters than cosign's"},
      {boxed(R"({"kdf":{"name":"scrypt","params":{"N":-1,"r":8,"p":1},"salt":""}})"),
       "k.key: the password's scrypt has other parameters than cosign's"},
      {boxed(R"({"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":"AA=="},)"
             R"("cipher":{"name":"nacl/secretbox","nonce":"AA=="},"ciphertext":"AA=="})"),
       "k.key: not a key as cosign encrypts them"},
  };
  for (const auto& [pem, message] : cases) {
    CAPTURE(pem);
    CHECK(refusal_of_private(pem, kSecret) == message);
  }
  CHECK(refusal_of_private(kEncryptedPkcs8, [] { return std::string("wrong"); }) ==
        "k.key: the password is wrong, or the file was changed");
  // What asking for the password throws is not taken for a wrong one.
  CHECK(refusal_of_private(kEncryptedPkcs8, kNotAsked) == "asked");
  CHECK(refusal_of_private(kOldCosignKey, kNotAsked) == "asked");
}

}  // namespace wasmctl::sign
