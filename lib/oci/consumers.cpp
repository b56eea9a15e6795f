#include "oci/consumers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "oci/media_type.hpp"

namespace wasmctl::oci {

namespace {

// Of two layers, Istio takes the first of this type.
const Descriptor* artifact_module(const Manifest& manifest) {
  if (manifest.layers.size() != 2) return nullptr;
  const auto found = std::ranges::find_if(manifest.layers, [&](const Descriptor& layer) {
    return type_of(manifest, layer) == media_type::kSoloModule;
  });
  return found == manifest.layers.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(Consumer consumer) {
  switch (consumer) {
    case Consumer::istio:
      return "Istio";
    case Consumer::envoy_gateway:
      return "Envoy Gateway";
    case Consumer::image_volume:
      return "Kubernetes image volume";
    case Consumer::docker:
      return "docker, podman";
    case Consumer::cncf:
      break;
  }
  return "CNCF Wasm runtimes";
}

Verdict verdict_of(Consumer consumer, std::string why_not) {
  const bool is_volume = consumer == Consumer::image_volume;
  const std::string_view remark =
      is_volume && why_not.empty() ? "with containerd 2.1 or CRI-O 1.31, or later" : "";
  return {consumer, std::move(why_not), remark};
}

const Descriptor* select_for_istio(const Index& index) {
  for (const auto& entry : index.manifests) {
    if (!entry.platform ||
        (entry.platform->os == "linux" && entry.platform->architecture == "amd64")) {
      return &entry;
    }
  }
  return nullptr;
}

IstioPlaces istio_places(const Manifest& manifest) {
  const auto& layers = manifest.layers;
  if (layers.empty()) return {nullptr, nullptr, "it has no layers"};
  const bool docker = manifest.media_type == media_type::kDockerManifest && manifest.says_type;
  const auto archive_type = docker ? media_type::kDockerLayerGzip : media_type::kOciLayerGzip;
  const auto& last = type_of(manifest, layers.back());
  IstioPlaces places;
  if (last == archive_type) places.archive = &layers.back();
  if (!docker) places.module = artifact_module(manifest);
  if (places.archive != nullptr || places.module != nullptr) return places;
  if (docker || media_type::is_layer(last)) {
    places.why_not = fmt::format("its last layer is {}; it must be {}", last, archive_type);
  } else {
    places.why_not =
        fmt::format("it has {} layer{}; an artifact must have two, one of them {}", layers.size(),
                    layers.size() == 1 ? "" : "s", media_type::kSoloModule);
  }
  return places;
}

std::string why_no_container(const Manifest& manifest) {
  if (!media_type::is_image_config(manifest.config.media_type)) {
    return fmt::format("its config is {}, which is not an image's", manifest.config.media_type);
  }
  for (const auto& layer : manifest.layers) {
    if (!media_type::is_layer(layer.media_type)) {
      return fmt::format("its layer {} is not a tar", layer.media_type);
    }
  }
  return {};
}

std::string why_no_cncf(const Manifest& manifest) {
  if (manifest.config.media_type != media_type::kCncfConfig) {
    return fmt::format("its config is {}; it must be {}", manifest.config.media_type,
                       media_type::kCncfConfig);
  }
  if (manifest.layers.size() != 1 || manifest.layers[0].media_type != media_type::kCncfModule) {
    return fmt::format("it must have one layer, {}", media_type::kCncfModule);
  }
  return {};
}

std::optional<Digest> istio_pin(const Image& image) {
  if (const auto* index = std::get_if<Index>(&image.document)) {
    const auto* child = select_for_istio(*index);
    return child == nullptr ? std::nullopt : std::optional(child->digest);
  }
  if (!istio_places(std::get<Manifest>(image.document)).why_not.empty()) return std::nullopt;
  return image.manifest.descriptor.digest;
}

}  // namespace wasmctl::oci
