#include "registry/image_tree.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/gzip.hpp"
#include "base/parallel.hpp"
#include "oci/media_type.hpp"

namespace wasmctl::registry {

namespace {

// An index of more manifests than this is none of a Wasm module's.
constexpr std::size_t kMaxTreeManifests = 64;

// Istio opens the last layer of the manifest that it picks, if it is a tar+gzip.
std::optional<bool> look_for_plugin_file(Repository& repository, const oci::ImageTree& image) {
  for (const auto& child : image.manifests) {
    const auto& platform = child.entry.platform;
    const bool picked = !image.is_index || !platform ||
                        (platform->os == "linux" && platform->architecture == "amd64");
    if (!picked) continue;
    const auto& layers = child.manifest.layers;
    if (layers.empty()) return std::nullopt;
    const auto& layer = layers.back();
    const bool is_tar_gzip = layer.media_type == oci::media_type::kOciLayerGzip ||
                             layer.media_type == oci::media_type::kDockerLayerGzip;
    if (!is_tar_gzip || layer.size > oci::kMaxModuleBytes) return std::nullopt;
    base::Spool unpacked;
    std::string failure;
    base::GzipReader gzip([&](std::string_view piece) { unpacked.write(piece); },
                          oci::kMaxModuleBytes);
    repository.fetch_blob(layer, [&](std::string_view piece) {
      if (!failure.empty()) return;
      try {
        gzip.write(piece);
      } catch (const Error& error) {
        failure = error.message();  // it counts once the bytes are known to be the layer's
      }
    });
    try {
      if (!failure.empty()) return false;
      gzip.finish();
      return oci::has_plugin_file(unpacked.finish().view());
    } catch (const Error&) {
      return false;
    }
  }
  return std::nullopt;
}

}  // namespace

oci::ImageTree read_image_tree(Repository& repository, const oci::Reference& reference) {
  return read_image_tree(repository, reference, repository.fetch_manifest(reference));
}

namespace {

// What an index lists: the manifests, and what could not be read as one.
void read_children(Repository& repository, const oci::Reference& reference, const oci::Index& index,
                   oci::ImageTree& image) {
  const auto& entries = index.manifests;
  std::vector<std::optional<oci::Manifest>> manifests(entries.size());
  std::vector<std::string> reasons(entries.size());
  base::for_each_at_once(entries.size(), kMaxAtOnce, [&](std::size_t i) {
    if (!oci::media_type::is_manifest(entries[i].media_type)) {
      reasons[i] = oci::media_type::is_index(entries[i].media_type) ? "an index" : "no manifest";
    } else if (i >= kMaxTreeManifests) {
      reasons[i] = fmt::format("after the first {}", kMaxTreeManifests);
    } else {
      try {
        const auto child = repository.fetch_manifest(oci::pinned(reference, entries[i].digest));
        auto parsed = oci::parse_manifest(child.content, child.descriptor.media_type);
        if (auto* single = std::get_if<oci::Manifest>(&parsed)) manifests[i] = std::move(*single);
        if (!manifests[i]) reasons[i] = "an index, though it is listed as a manifest";
      } catch (const Error& error) {
        if (error.code() != Code::not_found && error.code() != Code::bad_input) throw;
        reasons[i] = error.code() == Code::not_found ? "not there" : error.message();
      }
    }
  });
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (manifests[i]) {
      image.manifests.push_back({entries[i], *std::move(manifests[i])});
    } else {
      image.unread.push_back({entries[i], std::move(reasons[i])});
    }
  }
}

}  // namespace

oci::ImageTree read_image_tree(Repository& repository, const oci::Reference& reference,
                               const oci::Blob& top) {
  oci::ImageTree image;
  image.descriptor = top.descriptor;
  auto document = parse_manifest(top, reference);
  if (auto* manifest = std::get_if<oci::Manifest>(&document)) {
    image.manifests.push_back({top.descriptor, std::move(*manifest)});
  } else {
    image.is_index = true;
    read_children(repository, reference, std::get<oci::Index>(document), image);
  }
  image.has_plugin_file = look_for_plugin_file(repository, image);
  return image;
}

}  // namespace wasmctl::registry
