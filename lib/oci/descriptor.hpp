// Content descriptors: the (media type, digest, size) triple by which every OCI document names
// another blob.
// Source: OCI Image Specification v1.1, descriptor.md and image-index.md (platform).
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/content.hpp"
#include "base/sha256.hpp"
#include "oci/digest.hpp"

namespace wasmctl::oci {

using Annotations = std::map<std::string, std::string>;  // sorted, so that output is reproducible

struct Platform {
  std::string os;            // "linux", "wasip1", "unknown" (an attestation)
  std::string architecture;  // "amd64", "wasm"
  std::string variant;       // "v8"; mostly empty
  bool operator==(const Platform&) const = default;
};

// "linux/arm64/v8".
std::string to_string(const Platform& platform);

struct Descriptor {
  std::string media_type;  // RFC 6838 "type/subtype", e.g. media_type::kOciManifest
  Digest digest;           // of the blob's bytes exactly as stored (compressed, for a layer)
  std::uint64_t size = 0;  // bytes, of the same stored form
  std::optional<Platform> platform;          // in an index only
  std::optional<std::string> artifact_type;  // in an index only
  Annotations annotations;
  // The bytes themselves, if the descriptor brings them; they are what its digest says.
  std::optional<std::string> data = {};
  // Other places to read it from. go-containerregistry asks them where the registry has it not.
  bool has_urls = false;
  bool operator==(const Descriptor&) const = default;
};

struct Blob {
  Descriptor descriptor;
  base::Content content;
};

// The descriptor of `blob` as it stands in memory.
Descriptor describe(std::string_view media_type, std::string_view blob);

// Throws Error{Code::verification} if `blob` is not what `expected` names. The size is compared
// first, so that a short read is told apart from corrupted content.
void verify(const Descriptor& expected, std::string_view blob);

// The same for content that streams by: it never takes more than the promised size.
class Verifier {
 public:
  explicit Verifier(Descriptor expected) : expected_(std::move(expected)) {}
  void update(std::string_view bytes);  // throws as soon as there are too many
  void finish();

 private:
  Descriptor expected_;
  base::Sha256 sha256_;
  std::uint64_t size_ = 0;
};

// Unknown fields are ignored, as the specification asks. Throws Error{Code::bad_input} naming the
// JSON path, e.g. "layers[0].digest"; and for `data` that is not what the digest says: Istio reads
// it to the end of plugin.wasm, and would verify it behind that.
Descriptor descriptor_from_json(const nlohmann::json& value, const std::string& path);
// Without `data` and `urls`.
nlohmann::json to_json(const Descriptor& descriptor);

}  // namespace wasmctl::oci
