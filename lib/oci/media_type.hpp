// Media types that image specifications define, each written once.
#pragma once

#include <string_view>

namespace wasmctl::oci::media_type {

// OCI Image Specification v1.1, media-types.md.
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kOciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kOciLayerTar = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kOciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";

// Docker Image Manifest Version 2, Schema 2.
inline constexpr std::string_view kDockerIndex =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerLayerGzip =
    "application/vnd.docker.image.rootfs.diff.tar.gzip";
inline constexpr std::string_view kDockerLayerTar = "application/vnd.docker.image.rootfs.diff.tar";

// Wasm artifacts: the variant that Istio's fetcher calls oci (solo.io's image specification), the
// CNCF's Wasm OCI artifact, and wasm-to-oci's.
inline constexpr std::string_view kSoloConfig = "application/vnd.module.wasm.config.v1+json";
inline constexpr std::string_view kSoloModule = "application/vnd.module.wasm.content.layer.v1+wasm";
inline constexpr std::string_view kCncfConfig = "application/vnd.wasm.config.v0+json";
inline constexpr std::string_view kCncfModule = "application/wasm";
inline constexpr std::string_view kWasmToOciConfig = "application/vnd.wasm.config.v1+json";
inline constexpr std::string_view kWasmToOciModule = "application/vnd.wasm.content.layer.v1+wasm";

constexpr bool is_index(std::string_view type) {
  return type == kOciIndex || type == kDockerIndex;
}
constexpr bool is_manifest(std::string_view type) {
  return type == kOciManifest || type == kDockerManifest;
}

constexpr bool is_image_config(std::string_view type) {
  return type == kOciConfig || type == kDockerConfig;
}

constexpr bool is_tar(std::string_view type) {
  return type == kOciLayerTar || type == kDockerLayerTar;
}
constexpr bool is_tar_gzip(std::string_view type) {
  return type == kOciLayerGzip || type == kDockerLayerGzip;
}
// What container runtimes unpack.
constexpr bool is_layer(std::string_view type) {
  return is_tar(type) || is_tar_gzip(type) || type == kOciLayerZstd;
}
// A module as it is.
constexpr bool is_module(std::string_view type) {
  return type == kSoloModule || type == kCncfModule || type == kWasmToOciModule;
}

// What registries keep as manifests. Docker's of old cannot be read, and are no blobs either.
constexpr bool is_kept_as_manifest(std::string_view type) {
  return is_index(type) || is_manifest(type) ||
         type.starts_with("application/vnd.docker.distribution.manifest.v1");
}

// Layers that stay where their `urls` say, such as those of Windows: OCI's nondistributable types,
// Docker's foreign one.
constexpr bool is_foreign_layer(std::string_view type) {
  return type.starts_with("application/vnd.oci.image.layer.nondistributable.") ||
         type.starts_with("application/vnd.docker.image.rootfs.foreign.");
}

}  // namespace wasmctl::oci::media_type
