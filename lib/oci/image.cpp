#include "oci/image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/gzip.hpp"
#include "base/tar.hpp"
#include "oci/media_type.hpp"

namespace wasmctl::oci {

namespace {

using nlohmann::json;

Descriptor describe(std::string_view media_type, base::Sha256& sha256, std::uint64_t size) {
  Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = Digest::from_hex(sha256.hex());
  descriptor.size = size;
  return descriptor;
}

Blob make_blob(std::string_view media_type, base::Content content) {
  base::Sha256 sha256;
  content.read([&](std::string_view piece) { sha256.update(piece); });
  auto descriptor = describe(media_type, sha256, content.size());
  return {std::move(descriptor), std::move(content)};
}

constexpr char kSchemaKey[] = "configSchema";

// The tar+gzip of the module.
struct PackedLayer {
  Blob blob;
  Digest diff_id;  // of the tar
};

PackedLayer pack(std::string_view media_type, const base::Content& module,
                 const std::string& config_schema) {
  base::Sha256 packed_sha256;
  base::Spool packed;
  base::GzipWriter gzip([&](std::string_view piece) {
    packed_sha256.update(piece);
    packed.write(piece);
  });
  base::Sha256 tar_sha256;
  const auto add = [&](std::string_view piece) {
    tar_sha256.update(piece);
    gzip.write(piece);
  };
  const auto frame = base::tar_frame(kModuleFileName, module.size());
  add(frame.head);
  module.read(add);
  if (config_schema.empty()) {
    add(frame.tail);
  } else {
    add(std::string_view(frame.tail).substr(base::kTarEndBytes));
    const auto schema_frame = base::tar_frame(kSchemaFileName, config_schema.size());
    add(schema_frame.head);
    add(config_schema);
    add(schema_frame.tail);
  }
  gzip.finish();
  auto content = packed.finish();
  auto descriptor = describe(media_type, packed_sha256, content.size());
  return {{std::move(descriptor), std::move(content)}, Digest::from_hex(tar_sha256.hex())};
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

bool is_text(const std::string& bytes) {
  try {
    static_cast<void>(json(bytes).dump());
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

void check_annotations(const Annotations& annotations) {
  for (const auto& [key, value] : annotations) {
    if (is_text(key) && is_text(value)) continue;
    throw Error(Code::bad_input, fmt::format("the annotation {} is no UTF-8, and a manifest holds "
                                             "nothing else",
                                             is_text(key) ? "`" + key + "`" : "key"))
        .hint("encode binary data, for example as base64");
  }
}

// The common part of all manifests. Docker's has no annotations.
Manifest new_manifest(const ImageOptions& options) {
  check_annotations(options.annotations);
  Manifest manifest;
  manifest.media_type = media_type::kOciManifest;
  manifest.annotations = options.annotations;
  if (options.created) manifest.annotations["org.opencontainers.image.created"] = *options.created;
  return manifest;
}

void announce_schema(Manifest& manifest, const ImageOptions& options) {
  if (!options.config_schema.empty()) manifest.annotations[kSchemaAnnotation] = kSchemaFileName;
}

Image finish(Manifest manifest, Blob config, std::vector<Blob> layers) {
  manifest.config = config.descriptor;
  for (const auto& layer : layers) manifest.layers.push_back(layer.descriptor);
  Image image;
  image.manifest = make_blob(manifest.media_type, to_json_text(manifest));
  image.blobs = std::move(layers);
  image.blobs.push_back(std::move(config));
  image.document = std::move(manifest);
  return image;
}

// A container's image: of one layer, of such types.
Image finish_container(Manifest manifest, std::string_view layer_type, std::string_view config_type,
                       const base::Content& module, const ImageOptions& options) {
  auto layer = pack(layer_type, module, options.config_schema);
  auto config = make_blob(config_type, image_config(layer.diff_id, options.created));
  return finish(std::move(manifest), std::move(config), {std::move(layer.blob)});
}

Image make_oci_image(const base::Content& module, const ImageOptions& options) {
  auto manifest = new_manifest(options);
  manifest.annotations["module.wasm.image/variant"] = "compat";
  announce_schema(manifest, options);
  return finish_container(std::move(manifest), media_type::kOciLayerGzip, media_type::kOciConfig,
                          module, options);
}

Image make_docker_image(const base::Content& module, const ImageOptions& options) {
  auto manifest = new_manifest(options);
  manifest.media_type = media_type::kDockerManifest;
  manifest.annotations.clear();
  return finish_container(std::move(manifest), media_type::kDockerLayerGzip,
                          media_type::kDockerConfig, module, options);
}

// Istio wants a second layer beside the module, of whatever type.
Image make_artifact(const base::Content& module, const ImageOptions& options) {
  auto manifest = new_manifest(options);
  manifest.artifact_type = media_type::kSoloConfig;
  manifest.annotations["module.wasm.image/variant"] = "oci";
  announce_schema(manifest, options);
  json runtime = {{"type", "envoy_proxy"}, {"abiVersions", json::array()}};
  if (!options.abi_version.empty()) runtime["abiVersions"].push_back(options.abi_version);
  if (!options.config_schema.empty()) {
    runtime[kSchemaKey] = parse_json(options.config_schema, std::string(kSchemaFileName));
  }
  auto layer = make_blob(media_type::kSoloModule, module);
  layer.descriptor.annotations["org.opencontainers.image.title"] = kModuleFileName;
  auto runtime_config = make_blob(media_type::kSoloConfig, runtime.dump());
  runtime_config.descriptor.annotations["org.opencontainers.image.title"] = "runtime-config.json";
  // It is the manifest's config, too: one blob less to send than with an empty one.
  auto config = runtime_config;
  return finish(std::move(manifest), std::move(config),
                {std::move(layer), std::move(runtime_config)});
}

Image make_wasm_artifact(const base::Content& module, const ImageOptions& options) {
  auto layer = make_blob(media_type::kCncfModule, module);
  json config = {{"architecture", "wasm"},
                 {"os", "wasip1"},
                 {"layerDigests", {layer.descriptor.digest.text()}}};
  if (options.created) config["created"] = *options.created;
  return finish(new_manifest(options), make_blob(media_type::kCncfConfig, config.dump()),
                {std::move(layer)});
}

Image make_universal(const base::Content& module, const ImageOptions& options) {
  Image image;
  image.children.push_back(make_oci_image(module, options));
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
  image.document = std::move(index);
  return image;
}

// An image of one manifest that Istio takes, and no Wasm artifact.
bool is_plain(const ImageLooks& looks) {
  return looks.manifest != nullptr && looks.in_istio && !looks.in_cncf;
}

bool is_docker_image(const ImageLooks& looks) {
  return is_plain(looks) && looks.manifest->media_type == media_type::kDockerManifest;
}

bool is_oci_image(const ImageLooks& looks) {
  return is_plain(looks) && !is_docker_image(looks) &&
         media_type::is_tar_gzip(looks.manifest->layers.back().media_type);
}

bool is_artifact(const ImageLooks& looks) {
  return is_plain(looks) && !is_docker_image(looks) && !is_oci_image(looks);
}

bool is_wasm_artifact(const ImageLooks& looks) {
  return looks.manifest != nullptr && looks.in_cncf;
}

bool is_universal(const ImageLooks& looks) {
  return looks.manifest == nullptr && looks.in_istio && looks.in_cncf;
}

}  // namespace

std::span<const FormatRow> formats() {
  static constexpr FormatRow kFormats[] = {
      {Format::image, "image", "an OCI image that Istio, docker and Kubernetes load", true,
       make_oci_image, is_oci_image},
      {Format::docker, "docker", "the same with Docker's media types", false, make_docker_image,
       is_docker_image},
      {Format::artifact, "artifact", "the module as it is, for Istio and Envoy Gateway", true,
       make_artifact, is_artifact},
      {Format::wasm, "wasm", "CNCF's Wasm artifact, which Istio does not load", true,
       make_wasm_artifact, is_wasm_artifact},
      {Format::universal, "universal", "an index of image and wasm, for all of these", true,
       make_universal, is_universal},
  };
  return kFormats;
}

const FormatRow& row_of(Format format) {
  return *std::ranges::find(formats(), format, &FormatRow::format);
}

Image make_image(const base::Content& module, const ImageOptions& options) {
  return row_of(options.format).make(module, options);
}

std::optional<std::string> schema_in_runtime_config(std::string_view runtime_config) {
  const auto config = parse_json(runtime_config, "the runtime configuration");
  if (!config.is_object() || !config.contains(kSchemaKey)) return std::nullopt;
  return config.at(kSchemaKey).dump();
}

}  // namespace wasmctl::oci
