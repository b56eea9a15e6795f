#include "sign/encrypted_key.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "oci/manifest.hpp"
#include "sign/secretbox.hpp"

namespace wasmctl::sign {

namespace {

using nlohmann::json;

constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 1;
// Those of 2015, of today, and of OWASP's advice: nothing else is taken, since a file that asks for
// more could take all memory.
constexpr std::uint64_t kScryptCosts[] = {32768, 65536, 131072};
constexpr std::uint64_t kScryptCost = 65536;
constexpr std::uint64_t kScryptMemory = 192 * 1024 * 1024;  // 128 N r, and some

constexpr std::size_t kSaltBytes = 32;

std::string box_key(std::string_view password, std::string_view salt, std::uint64_t cost) {
  std::string key(kBoxKeyBytes, '\0');
  const int made = EVP_PBE_scrypt(password.data(), password.size(),
                                  reinterpret_cast<const unsigned char*>(salt.data()), salt.size(),
                                  cost, kScryptR, kScryptP, kScryptMemory,
                                  reinterpret_cast<unsigned char*>(key.data()), key.size());
  if (made != 1) throw Error(Code::internal, "OpenSSL does not compute scrypt");
  return key;
}

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) != 1) {
    throw Error(Code::io, "the system gives no random numbers");
  }
  return bytes;
}

// Null (JSON's) for what is not there.
json member_at(const json& document, const char* pointer) {
  const json::json_pointer place(pointer);
  return document.contains(place) ? document.at(place) : json();
}

// Null for what is missing, of another type, or not base64.
std::optional<std::string> bytes_at(const json& document, const char* pointer) {
  const auto value = member_at(document, pointer);
  if (!value.is_string()) return std::nullopt;
  return base::base64_decode(value.get_ref<const std::string&>());
}

std::string word_at(const json& document, const char* pointer) {
  const auto value = member_at(document, pointer);
  return value.is_string() ? value.get<std::string>() : "";
}

std::uint64_t number_at(const json& document, const char* pointer) {
  const auto value = member_at(document, pointer);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

// The cost that the document asks for.
std::uint64_t scrypt_cost(const json& document, const std::string& name) {
  const auto cost = number_at(document, "/kdf/params/N");
  const bool known = std::ranges::find(kScryptCosts, cost) != std::end(kScryptCosts) &&
                     number_at(document, "/kdf/params/r") == kScryptR &&
                     number_at(document, "/kdf/params/p") == kScryptP;
  if (word_at(document, "/kdf/name") == "scrypt" && known) return cost;
  throw Error(Code::bad_input,
              fmt::format("{}: the password's scrypt has other parameters than cosign's", name));
}

}  // namespace

std::string encrypt_key(std::string_view pkcs8, std::string_view password) {
  const auto salt = random_bytes(kSaltBytes);
  const auto nonce = random_bytes(kBoxNonceBytes);
  auto key = box_key(password, salt, kScryptCost);
  const json document = {
      {"kdf",
       {{"name", "scrypt"},
        {"params", {{"N", kScryptCost}, {"r", kScryptR}, {"p", kScryptP}}},
        {"salt", base::base64_encode(salt)}}},
      {"cipher", {{"name", "nacl/secretbox"}, {"nonce", base::base64_encode(nonce)}}},
      {"ciphertext", base::base64_encode(seal(pkcs8, nonce, key))}};
  OPENSSL_cleanse(key.data(), key.size());
  return document.dump();
}

std::string decrypt_key(std::string_view text, std::string_view password, const std::string& name) {
  const auto document = oci::parse_json(text, fmt::format("{}: the encrypted key", name));
  const auto cost = scrypt_cost(document, name);
  const auto salt = bytes_at(document, "/kdf/salt");
  const auto nonce = bytes_at(document, "/cipher/nonce");
  const auto box = bytes_at(document, "/ciphertext");
  if (word_at(document, "/cipher/name") != "nacl/secretbox" || !salt || !nonce || !box ||
      nonce->size() != kBoxNonceBytes) {
    throw Error(Code::bad_input, fmt::format("{}: not a key as cosign encrypts them", name));
  }
  auto key = box_key(password, *salt, cost);
  auto pkcs8 = open_box(*box, *nonce, key);
  OPENSSL_cleanse(key.data(), key.size());
  if (pkcs8) return *std::move(pkcs8);
  throw Error(Code::bad_input,
              fmt::format("{}: the password is wrong, or the file was changed", name));
}

}  // namespace wasmctl::sign
