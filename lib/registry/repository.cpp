#include "registry/repository.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "oci/layout.hpp"
#include "oci/media_type.hpp"
#include "registry/registry_repository.hpp"

namespace wasmctl::registry {

namespace {

Error no_such_image(const oci::Reference& reference) {
  return {Code::not_found, fmt::format("there is no image {}", oci::to_string(reference))};
}

class LayoutRepository : public Repository {
 public:
  explicit LayoutRepository(const oci::Reference& reference) : layout_(reference.directory) {}

  std::optional<oci::Descriptor> resolve(const oci::Reference& reference) override {
    return layout_.resolve(reference);
  }

  oci::Blob fetch_manifest(const oci::Reference& reference) override {
    auto descriptor = layout_.resolve(reference);
    if (!descriptor) throw no_such_tag(reference);
    auto bytes = layout_.read_blob(*descriptor);
    return {std::move(*descriptor), std::move(bytes)};
  }

  std::string fetch_blob(const oci::Descriptor& descriptor) override {
    return layout_.read_blob(descriptor);
  }

  void push(const oci::Image& image, const oci::Reference& reference) override {
    layout_.check_writable();
    for (const auto& blob : image.blobs) layout_.write_blob(blob);
    layout_.write_blob(image.manifest);
    layout_.add(image.manifest.descriptor, tag_to_set(reference));
  }

 private:
  Error no_such_tag(const oci::Reference& reference) const {
    auto error = no_such_image(reference);
    const auto tags = layout_.tags();
    constexpr std::size_t kMaxShown = 10;
    if (!tags.empty() && tags.size() <= kMaxShown) {
      error.hint(fmt::format("its tags are {}", fmt::join(tags, ", ")));
    }
    return error;
  }

  oci::Layout layout_;
};

}  // namespace

std::unique_ptr<Repository> open_repository(const oci::Reference& reference,
                                            const Options& options) {
  if (reference.is_layout()) return std::make_unique<LayoutRepository>(reference);
  return std::make_unique<RegistryRepository>(reference, options);
}

oci::Blob fetch_for_istio(Repository& repository, const oci::Reference& reference) {
  auto manifest = repository.fetch_manifest(reference);
  const auto document = oci::parse_manifest(manifest.bytes, manifest.descriptor.media_type);
  const auto* index = std::get_if<oci::Index>(&document);
  if (index == nullptr) return manifest;
  const auto* child = oci::select_for_istio(*index);
  if (child == nullptr) {
    throw Error(Code::unloadable,
                fmt::format("{} is an index without an entry for linux/amd64, the one that Istio "
                            "loads on every node",
                            oci::to_string(reference)));
  }
  return repository.fetch_manifest(oci::pinned(reference, child->digest));
}

}  // namespace wasmctl::registry
