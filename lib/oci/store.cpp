#include "oci/store.hpp"

#include <fmt/format.h>

#include <map>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace wasmctl::oci {

namespace {

void collect(const Image& image, std::map<Digest, const Blob*>& blobs) {
  for (const auto& blob : image.blobs) blobs.emplace(blob.descriptor.digest, &blob);
  for (const auto& child : image.children) collect(child, blobs);
}

Reference without_selector(Reference reference) {
  static_cast<Selector&>(reference) = {};
  return reference;
}

}  // namespace

Store::Store(Reference place) : place_(without_selector(std::move(place))) {}

std::string Store::name_of(const Selector& selector) const {
  auto reference = place_;
  static_cast<Selector&>(reference) = selector;
  return to_string(reference);
}

Blob Store::fetch_blob(const Descriptor& descriptor) {
  base::Spool spool;
  fetch_blob(descriptor, [&](std::string_view bytes) { spool.write(bytes); });
  return {descriptor, spool.finish()};
}

void Store::push_child(const Blob& manifest) {
  push_manifest(manifest, by_digest(manifest.descriptor.digest));
}

Store::OpenedBlob Store::open_blob(const Descriptor& descriptor) {
  std::promise<void> verified;
  verified.set_value();
  return {fetch_blob(descriptor), verified.get_future(), {}};
}

void Store::push(const Image& image, const Selector& selector) {
  std::map<Digest, const Blob*> unique;
  collect(image, unique);
  std::vector<const Blob*> blobs;
  blobs.reserve(unique.size());
  for (const auto& [digest, blob] : unique) blobs.push_back(blob);
  base::for_each_at_once(blobs.size(), kMaxAtOnce,
                         [&](std::size_t i) { push_blob(*blobs[i], Presence::unknown); });
  base::for_each_at_once(image.children.size(), kMaxAtOnce,
                         [&](std::size_t i) { push_child(image.children[i].manifest); });
  push_manifest(image.manifest, selector);
}

std::variant<Manifest, Index> parse_manifest(const Blob& manifest, const std::string& name) {
  try {
    return parse_manifest(manifest.content, manifest.descriptor.media_type);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", name, error.message()));
  }
}

}  // namespace wasmctl::oci
