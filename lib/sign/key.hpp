// Keys that sign and verify: what cosign takes (`cosign sign --key`), through OpenSSL.
//
// ECDSA on P-256, P-384 and P-521, RSA from 2048 bits (PKCS #1 v1.5), both over SHA-256, which is
// what `cosign verify --key` and Kyverno expect of a key unless they are told otherwise; and
// Ed25519. No file of configuration is read for them.
// Source: sigstore/sigstore, pkg/signature; sigstore/cosign, pkg/signature/keys.go.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's

namespace wasmctl::sign {

inline constexpr std::uint64_t kMaxKeyBytes = 64 * 1024;  // of a file

inline constexpr std::string_view kEd25519 = "Ed25519";

class PublicKey {
 public:
  // PEM, "PUBLIC KEY". `name`: of the file, for messages. Throws Error{Code::bad_input} for
  // anything else, and for a key that is too weak or of a kind that cosign does not have.
  static PublicKey parse(std::string_view pem, const std::string& name);

  explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::string pem() const;
  // By which Sigstore's bundles name a key: base64 of the SHA-256 of its DER.
  std::string hint() const;
  // "ECDSA P-256", "RSA 2048", kEd25519.
  std::string kind() const;
  // A signature that cosign made over SHA-384 or SHA-512, as it does for P-384 and P-521, counts.
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

// Called for the password of an encrypted key, and only then.
using Password = std::function<std::string()>;

class PrivateKey {
 public:
  // PEM: PKCS #8, encrypted or not, "EC PRIVATE KEY", "RSA PRIVATE KEY", and cosign's encrypted
  // form (sign/encrypted_key.hpp). Throws Error{Code::bad_input}; no message has anything of what
  // is in the file.
  static PrivateKey parse(std::string_view pem, const std::string& name, const Password& password);

  // ECDSA P-256, as `cosign generate-key-pair` makes it.
  static PrivateKey generate();

  PublicKey public_key() const { return PublicKey(key_); }
  // In cosign's encrypted form.
  std::string encrypted_pem(std::string_view password) const;
  // Of ECDSA another one each time.
  std::string sign(std::string_view message) const;

 private:
  explicit PrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace wasmctl::sign
