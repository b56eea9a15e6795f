#include "registry/repository.hpp"

#include <fmt/format.h>

#include <map>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "http/curl.hpp"
#include "oci/layout.hpp"
#include "oci/referrers.hpp"
#include "registry/remote_store.hpp"

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
    return fetch_blob(*descriptor);
  }

  void fetch_blob(const oci::Descriptor& descriptor, const base::Sink& sink) override {
    layout_.read_blob(descriptor).read(sink);
  }
  oci::Blob fetch_blob(const oci::Descriptor& descriptor) override {
    return {descriptor, layout_.read_blob(descriptor)};
  }

  OpenedBlob open_blob(const oci::Descriptor& descriptor) override {
    auto content = layout_.open_blob(descriptor);
    // Without `async` it may be done where the result is asked for: where no thread is to be had.
    auto verified =
        std::async(std::launch::async | std::launch::deferred,
                   [this, descriptor, content] { layout_.verify(descriptor, content); });
    return {{descriptor, std::move(content)}, std::move(verified), {}};
  }

  bool has_blob(const oci::Descriptor& descriptor) override { return layout_.has_blob(descriptor); }

  void push_blob(const oci::Blob& blob, Presence) override {
    layout_.prepare();
    layout_.write_blob(blob);
  }

  // Layouts are directories of their own.
  bool mount_blob(const oci::Descriptor&, const oci::Reference&) override { return false; }

  void push_manifest(const oci::Blob& manifest, const oci::Reference& reference) override {
    layout_.prepare();
    layout_.write_blob(manifest);
    layout_.add(manifest.descriptor, tag_to_set(reference));
  }

  void push_child(const oci::Blob& manifest, const oci::Reference&) override {
    push_blob(manifest, Presence::unknown);
  }

  std::vector<std::string> tags() override { return layout_.tags(); }

  std::vector<oci::Descriptor> referrers(const oci::Digest& subject,
                                         const std::string& artifact_type) override {
    return oci::of_type(layout_.referrers(subject), artifact_type);
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

void collect(const oci::Image& image, std::map<oci::Digest, const oci::Blob*>& blobs) {
  for (const auto& blob : image.blobs) blobs.emplace(blob.descriptor.digest, &blob);
  for (const auto& child : image.children) collect(child, blobs);
}

}  // namespace

std::variant<oci::Manifest, oci::Index> parse_manifest(const oci::Blob& manifest,
                                                       const oci::Reference& reference) {
  try {
    return oci::parse_manifest(manifest.content, manifest.descriptor.media_type);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", oci::to_string(reference), error.message()));
  }
}

oci::Blob Repository::fetch_blob(const oci::Descriptor& descriptor) {
  base::Spool spool;
  fetch_blob(descriptor, [&](std::string_view bytes) { spool.write(bytes); });
  return {descriptor, spool.finish()};
}

void Repository::push_child(const oci::Blob& manifest, const oci::Reference& index) {
  push_manifest(manifest, oci::by_digest(index, manifest.descriptor.digest));
}

Repository::OpenedBlob Repository::open_blob(const oci::Descriptor& descriptor) {
  std::promise<void> verified;
  verified.set_value();
  return {fetch_blob(descriptor), verified.get_future(), {}};
}

void Repository::push(const oci::Image& image, const oci::Reference& reference) {
  std::map<oci::Digest, const oci::Blob*> unique;
  collect(image, unique);
  std::vector<const oci::Blob*> blobs;
  blobs.reserve(unique.size());
  for (const auto& [digest, blob] : unique) blobs.push_back(blob);
  base::for_each_at_once(blobs.size(), kMaxAtOnce,
                         [&](std::size_t i) { push_blob(*blobs[i], Presence::unknown); });
  base::for_each_at_once(image.children.size(), kMaxAtOnce,
                         [&](std::size_t i) { push_child(image.children[i].manifest, reference); });
  push_manifest(image.manifest, reference);
}

void expect(const oci::Reference& reference) {
  if (!reference.is_layout()) http::load_curl_early();
}

std::unique_ptr<Repository> open_repository(const oci::Reference& reference,
                                            const Options& options) {
  if (reference.is_layout()) return std::make_unique<LayoutRepository>(reference);
  return std::make_unique<RegistryRepository>(reference, options);
}

}  // namespace wasmctl::registry
