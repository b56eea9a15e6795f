#include "oci/consumers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/tar.hpp"
#include "oci/media_type.hpp"

namespace wasmctl::oci {

namespace {

using Child = ImageTree::Child;

bool is_layer_gzip(std::string_view type) {
  return type == media_type::kOciLayerGzip || type == media_type::kDockerLayerGzip;
}

// What container runtimes unpack; zstd is OCI's newest.
bool is_tar_layer(std::string_view type) {
  return is_layer_gzip(type) || type == media_type::kOciLayerTar ||
         type == media_type::kDockerLayerTar ||
         type == "application/vnd.oci.image.layer.v1.tar+zstd";
}

bool is_raw_module(std::string_view type) {
  return type == media_type::kSoloModule || type == media_type::kCncfModule ||
         type == media_type::kWasmToOciModule;
}

bool is_image_config(std::string_view type) {
  return type == media_type::kOciConfig || type == media_type::kDockerConfig;
}

// The child for linux/amd64, or without a platform; a single manifest itself.
const Child* for_linux(const ImageTree& image) {
  const auto found =
      std::find_if(image.manifests.begin(), image.manifests.end(), [&](const Child& child) {
        const auto& platform = child.entry.platform;
        return !image.is_index || !platform ||
               (platform->os == "linux" && platform->architecture == "amd64");
      });
  return found == image.manifests.end() ? nullptr : &*found;
}

const Child* for_wasm(const ImageTree& image) {
  const auto found =
      std::find_if(image.manifests.begin(), image.manifests.end(), [&](const Child& child) {
        const auto& platform = child.entry.platform;
        return !image.is_index || (platform && platform->architecture == "wasm");
      });
  return found == image.manifests.end() ? nullptr : &*found;
}

constexpr std::string_view kNoLinuxChild = "the index has no manifest for linux/amd64";

// Docker's manifest: the last layer. OCI's: the last layer, or else two layers, one the module.
std::string istio(const ImageTree& image) {
  const auto* child = for_linux(image);
  if (child == nullptr) return std::string(kNoLinuxChild);
  const auto& layers = child->manifest.layers;
  if (layers.empty()) return "it has no layers";
  const auto& last = layers.back().media_type;
  const bool docker = child->manifest.media_type == media_type::kDockerManifest;
  if (last == (docker ? media_type::kDockerLayerGzip : media_type::kOciLayerGzip)) {
    if (image.has_plugin_file == false) return "its last layer holds no file named plugin.wasm";
    return {};
  }
  const auto is_module = [](const Descriptor& layer) {
    return layer.media_type == media_type::kSoloModule;
  };
  if (!docker && layers.size() == 2 && std::any_of(layers.begin(), layers.end(), is_module)) {
    return {};
  }
  if (docker || last == media_type::kDockerLayerGzip || is_tar_layer(last)) {
    return fmt::format("its last layer is {}; it must be {}", last,
                       docker ? media_type::kDockerLayerGzip : media_type::kOciLayerGzip);
  }
  return fmt::format("it has {} layer{}; an artifact must have two, one of them {}", layers.size(),
                     layers.size() == 1 ? "" : "s", media_type::kSoloModule);
}

std::string envoy(const ImageTree& image) {
  if (image.is_index) return "it does not follow an index";
  const auto& layers = image.manifests.at(0).manifest.layers;
  if (layers.empty()) return "it has no layers";
  if (is_raw_module(layers[0].media_type)) return {};
  return fmt::format("its first layer is {}, and must be the module as it is",
                     layers[0].media_type);
}

// What unpacks layers into a file system.
std::string containers(const ImageTree& image) {
  const auto* child = for_linux(image);
  if (child == nullptr) return std::string(kNoLinuxChild);
  const auto& manifest = child->manifest;
  if (!is_image_config(manifest.config.media_type)) {
    return fmt::format("its config is {}, which is no image's", manifest.config.media_type);
  }
  for (const auto& layer : manifest.layers) {
    if (!is_tar_layer(layer.media_type)) {
      return fmt::format("its layer {} is no tar", layer.media_type);
    }
  }
  return {};
}

std::string cncf(const ImageTree& image) {
  const auto* child = for_wasm(image);
  if (child == nullptr) return "the index has no manifest for wasip1/wasm";
  const auto& manifest = child->manifest;
  if (manifest.config.media_type != media_type::kCncfConfig) {
    return fmt::format("its config is {}; it must be {}", manifest.config.media_type,
                       media_type::kCncfConfig);
  }
  if (manifest.layers.size() != 1 || manifest.layers[0].media_type != media_type::kCncfModule) {
    return fmt::format("it must have one layer, {}", media_type::kCncfModule);
  }
  return {};
}

struct Consumer {
  std::string_view name;
  std::string (*why_not)(const ImageTree& image);
  std::string_view remark;
};

constexpr Consumer kConsumers[] = {
    {kIstio, istio, {}},
    {kEnvoyGateway, istio, {}},
    {"Envoy's own fetcher", envoy, "from registries of ECR only, by a tag"},
    {kImageVolume, containers, "with containerd 2.1 or CRI-O 1.31, or later"},
    {"docker, podman", containers, {}},
    {"CNCF Wasm runtimes", cncf, {}},
};

}  // namespace

std::vector<Verdict> consumers_of(const ImageTree& image) {
  std::vector<Verdict> verdicts;
  verdicts.reserve(std::size(kConsumers));
  for (const auto& consumer : kConsumers) {
    auto why_not = consumer.why_not(image);
    const auto remark = why_not.empty() ? consumer.remark : std::string_view();
    verdicts.push_back({consumer.name, std::move(why_not), std::string(remark)});
  }
  return verdicts;
}

std::string why_not(std::string_view consumer, const ImageTree& image) {
  return std::ranges::find(kConsumers, consumer, &Consumer::name)->why_not(image);
}

std::string why_not(std::string_view consumer, const Manifest& manifest) {
  ImageTree image;
  image.manifests.push_back({{}, manifest});
  return why_not(consumer, image);
}

std::string_view format_of(const ImageTree& image) {
  const bool in_linux = istio(image).empty();
  const bool in_wasm = cncf(image).empty();
  if (image.is_index) return in_linux && in_wasm ? "universal" : "unknown";
  if (in_wasm) return "wasm";
  if (!in_linux) return "unknown";
  const auto& manifest = image.manifests.at(0).manifest;
  if (manifest.media_type == media_type::kDockerManifest) return "docker";
  return is_layer_gzip(manifest.layers.back().media_type) ? "image" : "artifact";
}

bool has_plugin_file(std::string_view tar) {
  bool found = false;
  base::read_tar(tar, [&](const base::TarEntry& entry) {
    const auto name = entry.name.substr(entry.name.rfind('/') + 1);
    found = entry.type == base::TarEntry::Type::file && name == kModuleFileName;
    return !found;
  });
  return found;
}

}  // namespace wasmctl::oci
