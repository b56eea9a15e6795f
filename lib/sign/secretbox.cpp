#include "sign/secretbox.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <bit>
#include <cstdint>

#include "base/error.hpp"

namespace wasmctl::sign {

namespace {

using SalsaState = std::array<std::uint32_t, 16>;

constexpr std::size_t kSalsaBlockBytes = 64;

std::uint32_t load_word(std::string_view bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 4; i-- > 0;) word = word << 8U | static_cast<unsigned char>(bytes[at + i]);
  return word;
}

void append_word(std::string& bytes, std::uint32_t word) {
  for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(word >> shift);
}

// "expand 32-byte k" on the diagonal, the key around it, and 16 bytes of input in the middle.
SalsaState salsa_state(std::string_view key, std::string_view input) {
  constexpr std::string_view kSigma = "expand 32-byte k";
  SalsaState state{};
  for (std::size_t i = 0; i < 4; ++i) {
    state[5 * i] = load_word(kSigma, 4 * i);
    state[1 + i] = load_word(key, 4 * i);
    state[6 + i] = load_word(input, 4 * i);
    state[11 + i] = load_word(key, 16 + 4 * i);
  }
  return state;
}

void salsa_rounds(SalsaState& x) {
  const auto quarter = [&x](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    x[b] ^= std::rotl(x[a] + x[d], 7);
    x[c] ^= std::rotl(x[b] + x[a], 9);
    x[d] ^= std::rotl(x[c] + x[b], 13);
    x[a] ^= std::rotl(x[d] + x[c], 18);
  };
  for (int i = 0; i < 10; ++i) {
    quarter(0, 4, 8, 12);
    quarter(5, 9, 13, 1);
    quarter(10, 14, 2, 6);
    quarter(15, 3, 7, 11);
    quarter(0, 1, 2, 3);
    quarter(5, 6, 7, 4);
    quarter(10, 11, 8, 9);
    quarter(15, 12, 13, 14);
  }
}

// HSalsa20: a key of its own for the first 16 bytes of the nonce.
std::string salsa_subkey(std::string_view key, std::string_view nonce) {
  auto state = salsa_state(key, nonce);
  salsa_rounds(state);
  std::string subkey;
  for (const std::size_t i : {0, 5, 10, 15, 6, 7, 8, 9}) append_word(subkey, state[i]);
  return subkey;
}

std::string salsa_block(std::string_view subkey, std::string_view nonce, std::uint64_t counter) {
  std::string input(nonce);
  append_word(input, static_cast<std::uint32_t>(counter));
  append_word(input, static_cast<std::uint32_t>(counter >> 32U));
  const auto before = salsa_state(subkey, input);
  auto after = before;
  salsa_rounds(after);
  std::string block;
  for (std::size_t i = 0; i < after.size(); ++i) append_word(block, before[i] + after[i]);
  return block;
}

// The stream's first 32 bytes are the authenticator's key, the text is encrypted with what follows.
struct OpenedStream {
  std::string mac_key;
  std::string text;
};

OpenedStream run_stream(std::string_view text, std::string_view nonce, std::string_view key) {
  const auto subkey = salsa_subkey(key, nonce.substr(0, 16));
  OpenedStream result;
  result.text.reserve(text.size());
  std::string block;
  for (std::size_t at = 0; at < kBoxKeyBytes + text.size(); ++at) {
    if (at % kSalsaBlockBytes == 0) {
      block = salsa_block(subkey, nonce.substr(16), at / kSalsaBlockBytes);
    }
    const auto mask = block[at % kSalsaBlockBytes];
    if (at < kBoxKeyBytes) {
      result.mac_key += mask;
    } else {
      result.text += static_cast<char>(text[at - kBoxKeyBytes] ^ mask);
    }
  }
  return result;
}

std::string poly1305(std::string_view text, std::string_view key) {
  std::string tag(kBoxTagBytes, '\0');
  std::size_t length = 0;
  const auto* const made =
      EVP_Q_mac(nullptr, "POLY1305", nullptr, nullptr, nullptr, key.data(), key.size(),
                reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                reinterpret_cast<unsigned char*>(tag.data()), tag.size(), &length);
  if (made == nullptr || length != kBoxTagBytes) {
    throw Error(Code::internal, "OpenSSL does not compute Poly1305");
  }
  return tag;
}

}  // namespace

std::string seal(std::string_view text, std::string_view nonce, std::string_view key) {
  const auto stream = run_stream(text, nonce, key);
  return poly1305(stream.text, stream.mac_key) + stream.text;
}

std::optional<std::string> open_box(std::string_view box, std::string_view nonce,
                                    std::string_view key) {
  if (box.size() < kBoxTagBytes) return std::nullopt;
  const auto encrypted = box.substr(kBoxTagBytes);
  auto stream = run_stream(encrypted, nonce, key);
  const auto tag = poly1305(encrypted, stream.mac_key);
  if (CRYPTO_memcmp(tag.data(), box.data(), kBoxTagBytes) != 0) return std::nullopt;
  return std::move(stream.text);
}

}  // namespace wasmctl::sign
