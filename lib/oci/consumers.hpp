// Who will load an image, and who not, with the reason.
// Sources: Istio's fetcher (pkg/wasm/imagefetcher.go), measured on it with 97 images; Envoy
// Gateway's, which is a fork of it; Envoy's own (source/extensions/common/wasm/oci); OCI Image
// Specification v1.1 for what unpacks layers; CNCF TAG Runtime, "Wasm OCI Artifact Layout".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/image.hpp"
#include "oci/manifest.hpp"

namespace wasmctl::oci {

// An image as it was read: a manifest, or an index with those of its manifests that are ones.
struct ImageTree {
  struct Child {
    Descriptor entry;  // of the index; of a single manifest, its own descriptor
    Manifest manifest;
  };
  // What an index lists besides.
  struct Unread {
    Descriptor entry;
    std::string why;  // "not there", "an index"
  };
  Descriptor descriptor;  // of the manifest or index
  bool is_index = false;
  std::vector<Child> manifests;
  std::vector<Unread> unread;
  // Whether the layer that Istio opens has a file of that name; unknown where there is no tar.
  std::optional<bool> has_plugin_file;
};

struct Verdict {
  std::string_view consumer;  // "Istio"
  std::string why_not;        // empty: it loads
  std::string remark;         // what must be so besides; may be empty
};

// Of all consumers known, in a fixed order.
std::vector<Verdict> consumers_of(const ImageTree& image);

// Why the consumer of that name will not load it; empty: it will.
std::string why_not(std::string_view consumer, const ImageTree& image);
// The same of a manifest by itself, without a look into its layers.
std::string why_not(std::string_view consumer, const Manifest& manifest);

inline constexpr std::string_view kIstio = "Istio";
inline constexpr std::string_view kEnvoyGateway = "Envoy Gateway";
inline constexpr std::string_view kImageVolume = "Kubernetes image volume";

// The format that `wasmctl push --format` makes such images with: "image", "docker", "artifact",
// "wasm", "universal"; another: "unknown".
std::string_view format_of(const ImageTree& image);

// Whether a file named plugin.wasm is in the layer, an unpacked tar.
bool has_plugin_file(std::string_view tar);

}  // namespace wasmctl::oci
