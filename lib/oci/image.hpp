// Packages: a Wasm module as an image that every consumer we know of can load.
//
// | format   | config                     | layers                                 | loads in | |
// image    | OCI image config           | one tar+gzip with plugin.wasm          | Istio, Envoy
// Gateway, Kubernetes image volumes, docker, podman | | docker   | Docker's                   | the
// same under Docker's media type     | the same      |
//
// The same module and options give the same bytes, hence the same digest: there is no time stamp
// but the one that is asked for.
// Sources: Istio's wasm-module image specification ("compat" variant) and its fetcher, which takes
// `plugin.wasm` from the last layer and nothing but gzip; OCI Image Specification v1.1, config.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/descriptor.hpp"
#include "oci/manifest.hpp"

namespace wasmctl::oci {

enum class Format { image, docker };

inline constexpr std::string_view kModuleFileName = "plugin.wasm";

// What is read of a layer at most, packed and unpacked: Istio's own limit.
inline constexpr std::uint64_t kMaxModuleBytes = 256 * 1024 * 1024;

struct Blob {
  Descriptor descriptor;
  std::string bytes;
};

struct Image {
  Blob manifest;            // what a tag names
  std::vector<Blob> blobs;  // config and layers; stored before the manifest
};

struct ImageOptions {
  Format format = Format::image;
  std::optional<std::string> created;  // RFC 3339, from SOURCE_DATE_EPOCH
  Annotations annotations;             // of the manifest, added to ours
};

Image make_image(std::string_view module, const ImageOptions& options = {});

}  // namespace wasmctl::oci
