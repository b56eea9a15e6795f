#include "oci/image.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/gzip.hpp"
#include "base/tar.hpp"
#include "oci/media_type.hpp"

namespace wasmctl::oci {

namespace {

using nlohmann::json;

struct MediaTypes {
  std::string_view manifest, config, layer;
};

MediaTypes media_types(Format format) {
  switch (format) {
    case Format::docker:
      return {media_type::kDockerManifest, media_type::kDockerConfig, media_type::kDockerLayerGzip};
    case Format::image:
      break;
  }
  return {media_type::kOciManifest, media_type::kOciConfig, media_type::kOciLayerGzip};
}

Blob make_blob(std::string_view media_type, std::string bytes) {
  auto descriptor = describe(media_type, bytes);
  return {std::move(descriptor), std::move(bytes)};
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

}  // namespace

Image make_image(std::string_view module, const ImageOptions& options) {
  const auto types = media_types(options.format);
  const auto layer_tar = base::tar_of_file(kModuleFileName, module);
  auto layer = make_blob(types.layer, base::gzip(layer_tar));
  auto config = make_blob(types.config, image_config(Digest::of(layer_tar), options.created));

  Manifest manifest;
  manifest.media_type = types.manifest;
  manifest.config = config.descriptor;
  manifest.layers = {layer.descriptor};
  // Docker's manifest has no annotations.
  if (options.format == Format::image) {
    manifest.annotations = options.annotations;
    manifest.annotations["module.wasm.image/variant"] = "compat";
    if (options.created)
      manifest.annotations["org.opencontainers.image.created"] = *options.created;
  }

  Image image;
  image.manifest = make_blob(types.manifest, to_json_text(manifest));
  image.blobs.push_back(std::move(layer));
  image.blobs.push_back(std::move(config));
  return image;
}

}  // namespace wasmctl::oci
