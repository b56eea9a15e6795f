// NaCl's secretbox: XSalsa20 encrypts, Poly1305 authenticates. cosign's key files are made with it;
// OpenSSL has Poly1305, and no Salsa20.
// Sources: D. J. Bernstein, "Cryptography in NaCl" (sections 7 to 10), "Extending the Salsa20
// nonce".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::sign {

inline constexpr std::size_t kBoxKeyBytes = 32;
inline constexpr std::size_t kBoxNonceBytes = 24;
inline constexpr std::size_t kBoxTagBytes = 16;

// The tag and behind it the encrypted text. `key` and `nonce` have the lengths above; no two texts
// may have the same of both.
std::string seal(std::string_view text, std::string_view nonce, std::string_view key);

// The text; null if the box was not sealed with this key and nonce, or was changed.
std::optional<std::string> open_box(std::string_view box, std::string_view nonce,
                                    std::string_view key);

}  // namespace wasmctl::sign
