// Packages: a Wasm module as an image that every consumer we know of can load (oci/consumers.hpp).
//
// clang-format off
// | format    | config            | layers                          | loads in
// |-----------|-------------------|---------------------------------|-----------------------------------
// | image     | OCI image config  | one tar+gzip with plugin.wasm   | Istio, Envoy Gateway, Kubernetes
// |           |                   |                                 | image volumes, docker, podman
// | docker    | Docker's          | the same with Docker's types    | the same, and old registries
// | artifact  | the runtime config| the module, a runtime config    | Istio ("oci variant"), Envoy
// |           |                   |                                 | Gateway
// | wasm      | CNCF's Wasm       | the module as application/wasm  | wasmtime, runwasi, wasmCloud
// | universal | an index: `image` for linux/amd64 and linux/arm64, `wasm` for wasip1/wasm: all of these
// clang-format on
//
// The same module and options give the same bytes, hence the same digest: there is no time stamp
// but the one that is asked for.
// Sources: Istio's wasm-module image specification ("compat" variant) and its fetcher, which takes
// `plugin.wasm` from the last layer and nothing but gzip; OCI Image Specification v1.1, config.md;
// CNCF TAG Runtime, "Wasm OCI Artifact Layout".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/content.hpp"
#include "base/limits.hpp"
#include "oci/descriptor.hpp"
#include "oci/manifest.hpp"

namespace wasmctl::oci {

enum class Format { image, docker, artifact, wasm, universal };

struct FormatRow;
std::span<const FormatRow> formats();
const FormatRow& row_of(Format format);

inline constexpr std::string_view kModuleFileName = "plugin.wasm";

using base::kMaxModuleBytes;  // what is read of a layer at most, packed and unpacked

struct Image {
  Blob manifest;                                // what a tag names
  std::vector<Blob> blobs;                      // config and layers; stored before the manifest
  std::vector<Image> children;                  // of an index; stored before it
  std::variant<Manifest, Index> document = {};  // what `manifest` says
};

// The JSON Schema of the plugin's configuration travels with the module: as a file of this name
// behind it in the layer, or as `configSchema` of an artifact's runtime configuration. The manifest
// says so with this annotation, so that nobody fetches a layer in vain.
inline constexpr std::string_view kSchemaFileName = "config.schema.json";
inline constexpr char kSchemaAnnotation[] = "module.wasm.image/config-schema";

struct ImageOptions {
  Format format = Format::image;
  std::optional<std::string> created;  // RFC 3339, from SOURCE_DATE_EPOCH
  Annotations annotations;             // of the manifest, added to ours
  std::string config_schema = {};      // JSON; empty: there is none
  std::string_view abi_version = {};   // the module's, "0.2.1"; empty: none is said
};

// What an image shows of how it was made.
struct ImageLooks {
  const Manifest* manifest = nullptr;  // null: it is an index
  bool in_istio = false;               // Istio loads it
  bool in_cncf = false;                // likewise wasmtime and the like
};

struct FormatRow {
  Format format;
  std::string_view name;     // what a user types
  std::string_view meaning;  // what is said of it
  bool has_annotations;      // its manifest can hold them
  Image (*make)(const base::Content& module, const ImageOptions& options);
  bool (*is)(const ImageLooks& looks);  // made so, or as good as: the first row that says yes
};

// The layer is packed piece by piece; memory does not grow with the module. Throws
// Error{Code::bad_input} for an annotation that is no UTF-8.
Image make_image(const base::Content& module, const ImageOptions& options = {});

// The schema in an artifact's runtime configuration; null if there is none. Throws
// Error{Code::bad_input} if that is no JSON.
std::optional<std::string> schema_in_runtime_config(std::string_view runtime_config);

}  // namespace wasmctl::oci
