// Manifests and indexes, OCI's and Docker's, which differ in media types only.
// Source: OCI Image Specification v1.1, manifest.md and image-index.md.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "oci/descriptor.hpp"

namespace wasmctl::oci {

// What registries accept at most (docker-registry and the specification's advice): a longer
// document is refused before it is read.
inline constexpr std::uint64_t kMaxManifestBytes = 4 * 1024 * 1024;

// Indexes within indexes: further down nobody looks.
inline constexpr std::size_t kMaxIndexDepth = 4;

struct Manifest {
  std::string media_type;
  bool says_type = true;  // itself, and not only who handed it out: Istio believes nobody else
  std::optional<std::string> artifact_type;
  Descriptor config;
  std::vector<Descriptor> layers;
  std::optional<Descriptor> subject;
  Annotations annotations;
};

struct Index {
  std::string media_type;
  std::optional<std::string> artifact_type;
  std::vector<Descriptor> manifests;
  std::optional<Descriptor> subject;
  Annotations annotations;
};

// Reads either. `media_type` is what the descriptor or the Content-Type said; the document's own
// mediaType must agree with it. Throws Error{Code::bad_input} naming what is wrong and where; a
// document of another type (a signed schema 1 manifest) is refused by its name, and one that Go
// reads as another or not at all by its field (oci/fields.hpp).
std::variant<Manifest, Index> parse_manifest(std::string_view bytes, std::string_view media_type);

// Compact, keys sorted: the same value gives the same bytes, hence the same digest.
std::string to_json_text(const Manifest& manifest);
std::string to_json_text(const Index& index);

// JSON from outside: at most kMaxManifestBytes, nested at most 32 deep, valid UTF-8. `what` names
// it in the Error{Code::bad_input}.
nlohmann::json parse_json(std::string_view text, std::string_view what);

// The media type of a layer as go-containerregistry finds it, by the layer's digest: that of the
// first of the config and the layers which has it.
const std::string& type_of(const Manifest& manifest, const Descriptor& layer);

}  // namespace wasmctl::oci
