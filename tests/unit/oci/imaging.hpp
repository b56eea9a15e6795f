// Images in a layout of their own, which counts what is asked of it.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "base/gzip.hpp"
#include "base/tar.hpp"
#include "oci/layout.hpp"
#include "oci/media_type.hpp"
#include "oci/pulled_image.hpp"

namespace imaging {

namespace base = wasmctl::base;
namespace mt = wasmctl::oci::media_type;
namespace oci = wasmctl::oci;

// A layout that counts what is asked of it.
class CountingLayout : public oci::Layout {
 public:
  CountingLayout(const std::filesystem::path& directory, int& asked)
      : Layout(directory), asked_(asked) {}
  using Layout::fetch_blob;
  oci::Blob fetch_manifest(const oci::Selector& selector) override {
    ++asked_;
    return Layout::fetch_manifest(selector);
  }
  void fetch_blob(const oci::Descriptor& descriptor, const base::Sink& sink) override {
    ++asked_;
    Layout::fetch_blob(descriptor, sink);
  }

 private:
  int& asked_;
};

// One entry of a tar, of any type.
inline std::string entry(std::string_view name, std::string_view bytes, char type = '0') {
  auto frame = base::tar_frame(name, bytes.size());
  auto archive = frame.head.append(bytes) + frame.tail.substr(base::kTarEndBytes);
  archive[156] = type;
  archive.replace(148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(archive[i]);
  archive.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return archive;
}

inline std::string tgz(const std::string& entries) {
  return base::gzip(entries + std::string(base::kTarEndBytes, '\0'));
}

inline oci::Blob blob(std::string_view type, const std::string& bytes) {
  return {oci::describe(type, bytes), bytes};
}

// Its layout is a directory that goes with it.
class TestImage {
 public:
  oci::Layout& layout() { return layout_; }

  // A manifest of those layers, stored.
  oci::Descriptor add(const std::vector<oci::Blob>& layers,
                      std::string_view type = mt::kOciManifest,
                      const oci::Annotations& annotations = {}) {
    oci::Manifest manifest;
    manifest.media_type = type;
    manifest.annotations = annotations;
    const auto config = blob(mt::kOciConfig, "{}");
    manifest.config = config.descriptor;
    layout_.push_blob(config, oci::Presence::unknown);
    for (const auto& layer : layers) {
      layout_.push_blob(layer, oci::Presence::unknown);
      manifest.layers.push_back(layer.descriptor);
    }
    const auto stored = blob(type, to_json_text(manifest));
    layout_.push_manifest(stored, {"v1", std::nullopt});
    return stored.descriptor;
  }

  void add_index(const std::vector<oci::Descriptor>& entries) {
    oci::Index index;
    index.media_type = mt::kOciIndex;
    index.manifests = entries;
    layout_.push_manifest(blob(mt::kOciIndex, to_json_text(index)), {"v1", std::nullopt});
  }

  oci::PulledImage open() {
    asked = 0;
    return {std::make_unique<CountingLayout>(temporary_.path() / "l", asked), {"v1", std::nullopt}};
  }

  int asked = 0;

 private:
  base::TemporaryDirectory temporary_;
  oci::Layout layout_{temporary_.path() / "l"};
};

}  // namespace imaging
