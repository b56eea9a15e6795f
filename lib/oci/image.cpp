#include "oci/image.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/gzip.hpp"
#include "base/tar.hpp"
#include "oci/media_type.hpp"

namespace wasmctl::oci {

namespace {

using nlohmann::json;

Blob make_blob(std::string_view media_type, std::string bytes) {
  auto descriptor = describe(media_type, bytes);
  return {std::move(descriptor), std::move(bytes), {}};
}

// linux/amd64 whatever the node: Istio's fetcher asks for it everywhere, and a Wasm module does
// not care.
std::string image_config(const Digest& diff_id, const std::optional<std::string>& created) {
  json config = {{"architecture", "amd64"},
                 {"os", "linux"},
                 {"config", json::object()},
                 {"rootfs", {{"type", "layers"}, {"diff_ids", {diff_id.text()}}}}};
  if (created) config["created"] = *created;
  return config.dump();
}

// The common part of all manifests. Docker's has no annotations.
Manifest new_manifest(const ImageOptions& options) {
  Manifest manifest;
  manifest.media_type = media_type::kOciManifest;
  manifest.annotations = options.annotations;
  if (options.created) manifest.annotations["org.opencontainers.image.created"] = *options.created;
  return manifest;
}

Image finish(Manifest manifest, Blob config, std::vector<Blob> layers) {
  manifest.config = config.descriptor;
  for (const auto& layer : layers) manifest.layers.push_back(layer.descriptor);
  Image image;
  image.manifest = make_blob(manifest.media_type, to_json_text(manifest));
  image.blobs = std::move(layers);
  image.blobs.push_back(std::move(config));
  return image;
}

Image make_container_image(std::string_view module, const ImageOptions& options, bool docker) {
  auto manifest = new_manifest(options);
  if (docker) {
    manifest.media_type = media_type::kDockerManifest;
    manifest.annotations.clear();
  } else {
    manifest.annotations["module.wasm.image/variant"] = "compat";
  }
  const auto tar = base::tar_of_file(kModuleFileName, module);
  auto layer =
      make_blob(docker ? media_type::kDockerLayerGzip : media_type::kOciLayerGzip, base::gzip(tar));
  auto config = make_blob(docker ? media_type::kDockerConfig : media_type::kOciConfig,
                          image_config(Digest::of(tar), options.created));
  return finish(std::move(manifest), std::move(config), {std::move(layer)});
}

// The raw module is the first layer, since Envoy's own fetcher takes no other; Istio wants a second
// one, of whatever type.
Image make_artifact(std::string_view module, const ImageOptions& options) {
  auto manifest = new_manifest(options);
  manifest.artifact_type = media_type::kSoloConfig;
  manifest.annotations["module.wasm.image/variant"] = "oci";
  const json runtime = {{"type", "envoy_proxy"}, {"abiVersions", {"0.2.1"}}};
  auto layer = make_blob(media_type::kSoloModule, std::string(module));
  layer.descriptor.annotations["org.opencontainers.image.title"] = kModuleFileName;
  auto runtime_config = make_blob(media_type::kSoloConfig, runtime.dump());
  runtime_config.descriptor.annotations["org.opencontainers.image.title"] = "runtime-config.json";
  return finish(std::move(manifest), make_blob(media_type::kOciEmpty, "{}"),
                {std::move(layer), std::move(runtime_config)});
}

Image make_wasm_artifact(std::string_view module, const ImageOptions& options) {
  auto layer = make_blob(media_type::kCncfModule, std::string(module));
  json config = {{"architecture", "wasm"},
                 {"os", "wasip1"},
                 {"layerDigests", {layer.descriptor.digest.text()}}};
  if (options.created) config["created"] = *options.created;
  return finish(new_manifest(options), make_blob(media_type::kCncfConfig, config.dump()),
                {std::move(layer)});
}

Image make_universal(std::string_view module, const ImageOptions& options) {
  Image image;
  image.children.push_back(make_container_image(module, options, false));
  image.children.push_back(make_wasm_artifact(module, options));
  Index index;
  index.media_type = media_type::kOciIndex;
  index.annotations = new_manifest(options).annotations;
  const auto add = [&](const Image& child, const char* os, const char* architecture) {
    auto entry = child.manifest.descriptor;
    entry.platform = Platform{os, architecture, {}};
    index.manifests.push_back(std::move(entry));
  };
  add(image.children[0], "linux", "amd64");
  add(image.children[0], "linux", "arm64");
  add(image.children[1], "wasip1", "wasm");
  image.manifest = make_blob(index.media_type, to_json_text(index));
  return image;
}

enum class Packing { none, tar, tar_gzip, unknown };

Packing packing(std::string_view type) {
  namespace mt = media_type;
  if (type == mt::kSoloModule || type == mt::kCncfModule || type == mt::kWasmToOciModule) {
    return Packing::none;
  }
  if (type == mt::kOciLayerGzip || type == mt::kDockerLayerGzip) return Packing::tar_gzip;
  if (type == mt::kOciLayerTar || type == mt::kDockerLayerTar) return Packing::tar;
  return Packing::unknown;
}

std::string_view base_name(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

std::string module_in_tar(std::string_view archive) {
  std::optional<std::string> named;
  std::vector<std::pair<std::string, std::string_view>> others;
  base::read_tar(archive, [&](const base::TarEntry& entry) {
    if (entry.type != base::TarEntry::Type::file) return true;
    if (base_name(entry.name) == kModuleFileName) {
      named = entry.bytes;
      return false;
    }
    if (entry.name.ends_with(".wasm")) others.emplace_back(entry.name, entry.bytes);
    return true;
  });
  if (named) return *named;
  if (others.size() == 1) return std::string(others[0].second);
  throw Error(Code::bad_input,
              fmt::format("the image holds no file `{}`{}", kModuleFileName,
                          others.empty() ? "" : ", and more than one other *.wasm"));
}

}  // namespace

std::span<const FormatName> format_names() {
  static constexpr FormatName kNames[] = {
      {Format::image, "image", "an OCI image that Istio, docker and Kubernetes load"},
      {Format::docker, "docker", "the same with Docker's media types"},
      {Format::artifact, "artifact", "the module as it is, for Istio and Envoy's own fetcher"},
      {Format::wasm, "wasm", "CNCF's Wasm artifact, which Istio does not load"},
      {Format::universal, "universal", "an index of image and wasm, for all of these"},
  };
  return kNames;
}

Image make_image(std::string_view module, const ImageOptions& options) {
  switch (options.format) {
    case Format::docker:
      return make_container_image(module, options, true);
    case Format::artifact:
      return make_artifact(module, options);
    case Format::wasm:
      return make_wasm_artifact(module, options);
    case Format::universal:
      return make_universal(module, options);
    case Format::image:
      break;
  }
  return make_container_image(module, options, false);
}

std::optional<Digest> istio_pin(const Image& image) {
  const auto document = parse_manifest(image.manifest.bytes, image.manifest.descriptor.media_type);
  if (const auto* index = std::get_if<Index>(&document)) {
    const auto* child = select_for_istio(*index);
    return child == nullptr ? std::nullopt : std::optional(child->digest);
  }
  const auto& layers = std::get<Manifest>(document).layers;
  if (layers.size() == 1 && layers[0].media_type == media_type::kCncfModule) return std::nullopt;
  return image.manifest.descriptor.digest;
}

Descriptor find_module_layer(const Manifest& manifest) {
  for (const auto& layer : manifest.layers) {
    if (packing(layer.media_type) == Packing::none) return layer;
  }
  // Of an image's layers the last is the one that Istio opens.
  if (!manifest.layers.empty() && packing(manifest.layers.back().media_type) != Packing::unknown) {
    return manifest.layers.back();
  }
  std::vector<std::string_view> types;
  types.reserve(manifest.layers.size());
  for (const auto& layer : manifest.layers) types.push_back(layer.media_type);
  throw Error(Code::bad_input,
              types.empty() ? "the image has no layers"
                            : fmt::format("the image holds no Wasm module: its layers are {}",
                                          fmt::join(types, ", ")));
}

std::string extract_module(const Descriptor& layer, std::string bytes) {
  // A tar is larger than what it holds: its header and padding.
  constexpr std::uint64_t kMaxTarBytes = kMaxModuleBytes + 64 * 1024;
  switch (packing(layer.media_type)) {
    case Packing::tar_gzip:
      return module_in_tar(base::gunzip(bytes, kMaxTarBytes));
    case Packing::tar:
      return module_in_tar(bytes);
    case Packing::none:
    case Packing::unknown:
      break;
  }
  return bytes;
}

const Descriptor* select_module(const Index& index) {
  if (const auto* entry = select_for_istio(index)) return entry;
  for (const auto& entry : index.manifests) {
    if (entry.platform && entry.platform->architecture == "wasm") return &entry;
  }
  return index.manifests.size() == 1 ? index.manifests.data() : nullptr;
}

}  // namespace wasmctl::oci
