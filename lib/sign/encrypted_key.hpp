// cosign's form of a private key that a password protects: PEM around JSON, whose key comes of
// scrypt and whose cipher is NaCl's secretbox.
//
//     -----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
//     {"kdf": {"name": "scrypt", "params": {"N": 65536, "r": 8, "p": 1}, "salt": "..."},
//      "cipher": {"name": "nacl/secretbox", "nonce": "..."}, "ciphertext": "..."}
//
// Source: secure-systems-lab/go-securesystemslib, package encrypted; what is encrypted is PKCS #8.
#pragma once

#include <string>
#include <string_view>

namespace wasmctl::sign {

// What cosign writes, and what it wrote before v2.
inline constexpr std::string_view kSigstoreKeyLabel = "ENCRYPTED SIGSTORE PRIVATE KEY";
inline constexpr std::string_view kCosignKeyLabel = "ENCRYPTED COSIGN PRIVATE KEY";

// What stands between the lines of PEM, base64 decoded. An empty password is one, too.
std::string encrypt_key(std::string_view pkcs8, std::string_view password);

// Takes 0.1 to 0.4 seconds and up to 128 MiB, as scrypt is meant to. Throws Error{Code::bad_input},
// its message begun with `name`, for what is not such a document, for parameters that cosign does
// not take either, and for a wrong password.
std::string decrypt_key(std::string_view document, std::string_view password,
                        const std::string& name);

}  // namespace wasmctl::sign
