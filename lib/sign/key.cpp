#include "sign/key.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <optional>
#include <vector>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "sign/encrypted_key.hpp"

namespace wasmctl::sign {

namespace {

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;

// The curves, with the name that people know, and the digest that cosign signs over with each.
struct Curve {
  std::string_view group;  // OpenSSL's
  std::string_view name;
  const EVP_MD* (*cosign_digest)();
};
constexpr Curve kCurves[] = {{"prime256v1", "P-256", EVP_sha256},
                             {"secp384r1", "P-384", EVP_sha384},
                             {"secp521r1", "P-521", EVP_sha512}};

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPointer = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using DigestPointer = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;

// What OpenSSL noted of a failure is never shown: its words help nobody, and could name a file.
void forget_errors() {
  ERR_clear_error();
}

// OpenSSL as it is built: openssl.cnf could name modules of another version than is linked here.
void begin_openssl() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

BioPointer reader_of(std::string_view bytes) {
  begin_openssl();
  return BioPointer(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::string text_of(const BioPointer& bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

// Null where the key is not on one of them.
const Curve* curve_of(const EVP_PKEY* key) {
  std::array<char, 80> group{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) return nullptr;
  const auto* const found =
      std::ranges::find(kCurves, std::string_view(group.data(), size), &Curve::group);
  return found == std::end(kCurves) ? nullptr : found;
}

std::string kind_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return std::string(kEd25519);
  if (EVP_PKEY_is_a(key, "RSA") == 1) return fmt::format("RSA {}", EVP_PKEY_get_bits(key));
  const auto* const curve = EVP_PKEY_is_a(key, "EC") == 1 ? curve_of(key) : nullptr;
  return curve == nullptr ? "" : fmt::format("ECDSA {}", curve->name);
}

void require_usable(const EVP_PKEY* key, const std::string& name) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits >= kMinRsaBits && bits <= kMaxRsaBits) return;
    throw Error(Code::bad_input, fmt::format("{}: an RSA key of {} bits, not of {} to {}", name,
                                             bits, kMinRsaBits, kMaxRsaBits));
  }
  if (!kind_of(key).empty()) return;
  throw Error(Code::bad_input, fmt::format("{}: a key of a kind that cosign does not have", name))
      .hint("ECDSA on P-256, P-384 or P-521, RSA and Ed25519 sign images");
}

// A block of PEM.
struct PemBlock {
  std::string label;  // "PUBLIC KEY"
  std::string bytes;
  bool has_headers = false;  // as of keys that OpenSSL encrypted before PKCS #8
};

std::vector<PemBlock> blocks_of(std::string_view pem) {
  const auto reader = reader_of(pem);
  std::vector<PemBlock> blocks;
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  while (PEM_read_bio(reader.get(), &label, &header, &data, &size) == 1) {
    blocks.push_back({label,
                      {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)},
                      header[0] != '\0'});
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  forget_errors();
  return blocks;
}

const PemBlock* find_labelled(const std::vector<PemBlock>& blocks, std::string_view end) {
  const auto found = std::ranges::find_if(
      blocks, [&](const PemBlock& block) { return block.label.ends_with(end); });
  return found == blocks.end() ? nullptr : &*found;
}

// A callback of C may let no exception out; what the question threw is thrown when OpenSSL is done.
struct AskedPassword {
  const Password& password;
  bool asked = false;
  std::exception_ptr failure = nullptr;
};

int give_password(char* buffer, int size, int /*for_writing*/, void* context) {
  auto& question = *static_cast<AskedPassword*>(context);
  question.asked = true;
  try {
    auto password = question.password();
    const auto length = password.size();
    const bool fits = length <= static_cast<std::size_t>(size);
    if (fits) std::ranges::copy(password, buffer);
    OPENSSL_cleanse(password.data(), length);
    return fits ? static_cast<int>(length) : -1;
  } catch (...) {
    question.failure = std::current_exception();
    return -1;
  }
}

// What OpenSSL reads by itself: PKCS #8 and the forms before it.
std::shared_ptr<EVP_PKEY> read_private(std::string_view pem, const std::string& name,
                                       const Password& password) {
  AskedPassword question{password};
  const auto reader = reader_of(pem);
  auto key = owned(PEM_read_bio_PrivateKey(reader.get(), nullptr, give_password, &question));
  forget_errors();
  if (question.failure) std::rethrow_exception(question.failure);
  if (key) return key;
  throw Error(Code::bad_input,
              fmt::format("{}: {}", name,
                          question.asked ? "the password is wrong, or the file was changed"
                                         : "the private key cannot be read"));
}

std::shared_ptr<EVP_PKEY> read_cosign(const PemBlock& block, const std::string& name,
                                      const Password& password) {
  auto secret = password();
  std::string pkcs8;
  try {
    pkcs8 = decrypt_key(block.bytes, secret, name);
  } catch (...) {
    OPENSSL_cleanse(secret.data(), secret.size());
    throw;
  }
  OPENSSL_cleanse(secret.data(), secret.size());
  const auto* at = reinterpret_cast<const unsigned char*>(pkcs8.data());
  auto key = owned(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())));
  OPENSSL_cleanse(pkcs8.data(), pkcs8.size());
  forget_errors();
  if (key) return key;
  throw Error(Code::bad_input, fmt::format("{}: what is encrypted in it is not a key", name));
}

// Ed25519 has its digest built in.
const EVP_MD* signing_digest(const EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "ED25519") == 1 ? nullptr : EVP_sha256();
}

bool verify_over(const EVP_MD* digest, EVP_PKEY* key, std::string_view message,
                 std::string_view signature) {
  const DigestPointer context(EVP_MD_CTX_new());
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) == 1;
  forget_errors();
  return good;
}

std::string der_of(EVP_PKEY* key) {
  unsigned char* data = nullptr;
  const int size = i2d_PUBKEY(key, &data);
  if (size <= 0) throw Error(Code::internal, "OpenSSL does not write the public key");
  std::string der(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return der;
}

}  // namespace

PublicKey PublicKey::parse(std::string_view pem, const std::string& name) {
  const auto blocks = blocks_of(pem);
  if (find_labelled(blocks, "PRIVATE KEY") != nullptr) {
    throw Error(Code::bad_input,
                fmt::format("{}: a private key, where the public one is asked for", name))
        .hint("whoever verifies needs no secret: give the .pub that was made with it");
  }
  const auto* const block = find_labelled(blocks, "PUBLIC KEY");
  if (block == nullptr) {
    throw Error(Code::bad_input, fmt::format("{}: not a public key in PEM", name))
        .hint("it begins with `-----BEGIN PUBLIC KEY-----`");
  }
  const auto* at = reinterpret_cast<const unsigned char*>(block->bytes.data());
  auto key = owned(d2i_PUBKEY(nullptr, &at, static_cast<long>(block->bytes.size())));
  forget_errors();
  if (!key) throw Error(Code::bad_input, fmt::format("{}: the public key cannot be read", name));
  require_usable(key.get(), name);
  return PublicKey(std::move(key));
}

std::string PublicKey::pem() const {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key_.get());
  return text_of(bio);
}

std::string PublicKey::hint() const {
  const auto der = der_of(key_.get());
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(der.data(), der.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
             EVP_sha256(), nullptr);
  digest.resize(size);
  return base::base64_encode(digest);
}

std::string PublicKey::kind() const {
  return kind_of(key_.get());
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
  auto* const key = key_.get();
  if (verify_over(signing_digest(key), key, message, signature)) return true;
  const auto* const curve = EVP_PKEY_is_a(key, "EC") == 1 ? curve_of(key) : nullptr;
  return curve != nullptr && curve->cosign_digest() != EVP_sha256() &&
         verify_over(curve->cosign_digest(), key, message, signature);
}

PrivateKey PrivateKey::parse(std::string_view pem, const std::string& name,
                             const Password& password) {
  const auto blocks = blocks_of(pem);
  const auto* const block = find_labelled(blocks, "PRIVATE KEY");
  if (block == nullptr) {
    if (find_labelled(blocks, "PUBLIC KEY") != nullptr) {
      throw Error(Code::bad_input,
                  fmt::format("{}: a public key, where the private one is asked for", name));
    }
    throw Error(Code::bad_input, fmt::format("{}: not a private key in PEM", name))
        .hint("`wasmctl key generate -o NAME` makes one");
  }
  const bool is_cosign = block->label == kSigstoreKeyLabel || block->label == kCosignKeyLabel;
  auto key = is_cosign ? read_cosign(*block, name, password) : read_private(pem, name, password);
  require_usable(key.get(), name);
  return PrivateKey(std::move(key));
}

PrivateKey PrivateKey::generate() {
  begin_openssl();
  auto key = owned(EVP_EC_gen("P-256"));
  if (!key) throw Error(Code::io, "the system gives no random numbers");
  return PrivateKey(std::move(key));
}

std::string PrivateKey::encrypted_pem(std::string_view password) const {
  const BioPointer pkcs8(BIO_new(BIO_s_secmem()));
  i2d_PKCS8PrivateKey_bio(pkcs8.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  auto der = text_of(pkcs8);
  const auto document = encrypt_key(der, password);
  OPENSSL_cleanse(der.data(), der.size());
  const BioPointer pem(BIO_new(BIO_s_mem()));
  PEM_write_bio(pem.get(), std::string(kSigstoreKeyLabel).c_str(), "",
                reinterpret_cast<const unsigned char*>(document.data()),
                static_cast<long>(document.size()));
  return text_of(pem);
}

std::string PrivateKey::sign(std::string_view message) const {
  const DigestPointer context(EVP_MD_CTX_new());
  const auto* const text = reinterpret_cast<const unsigned char*>(message.data());
  std::string signature;
  std::size_t size = 0;
  bool good = EVP_DigestSignInit(context.get(), nullptr, signing_digest(key_.get()), nullptr,
                                 key_.get()) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, text, message.size()) == 1;
  signature.resize(size);
  good = good && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size, text, message.size()) == 1;
  signature.resize(size);
  forget_errors();
  if (!good) throw Error(Code::internal, "OpenSSL does not sign with this key");
  return signature;
}

}  // namespace wasmctl::sign
