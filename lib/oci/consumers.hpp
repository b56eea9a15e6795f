// Who loads images, and what each of them asks of an image's types. What an image holds, and who
// loads it in the end: oci/pulled_image.hpp.
// Sources: Istio's fetcher (pkg/wasm/imagefetcher.go), measured on it with 97 images; Envoy
// Gateway's, which is a fork of it; OCI Image Specification v1.1 for what unpacks layers; CNCF TAG
// Runtime, "Wasm OCI Artifact Layout". Envoy has no fetcher of its own (1.40.0).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "oci/image.hpp"
#include "oci/manifest.hpp"

namespace wasmctl::oci {

enum class Consumer : std::uint8_t { istio, envoy_gateway, image_volume, docker, cncf };

inline constexpr Consumer kConsumers[] = {Consumer::istio, Consumer::envoy_gateway,
                                          Consumer::image_volume, Consumer::docker, Consumer::cncf};

// "Istio", "Kubernetes image volume".
std::string_view to_string(Consumer consumer);

struct Verdict {
  Consumer consumer;
  std::string why_not;      // empty: it loads
  std::string_view remark;  // what must be so besides; may be empty
};

// `why_not` as that consumer's, with what has to be said where there is nothing against it.
Verdict verdict_of(Consumer consumer, std::string why_not);

// The entry of `index` that Istio's fetcher picks, on every node: the first for linux/amd64, or
// without a platform, whatever its media type (go-containerregistry's default; the agent passes no
// other). None: null.
const Descriptor* select_for_istio(const Index& index);

// Where Istio and Envoy Gateway look for the module of a manifest, by its types, in their order.
// Null: not there.
struct IstioPlaces {
  const Descriptor* archive = nullptr;  // tar+gzip with plugin.wasm
  const Descriptor* module = nullptr;   // as it is; looked at if the archive has no such file
  std::string why_not;                  // if both are null
};
IstioPlaces istio_places(const Manifest& manifest);

// Why a manifest is not for what unpacks layers into a file system: image volumes, docker, podman;
// empty: it is.
std::string why_no_container(const Manifest& manifest);
// The same for the CNCF's Wasm runtimes.
std::string why_no_cncf(const Manifest& manifest);

// The digest that Istio's fetcher computes, the only right pin: an index's linux/amd64 child, else
// the manifest's own; null where Istio loads nothing of it.
std::optional<Digest> istio_pin(const Image& image);

}  // namespace wasmctl::oci
