// Where images are read and written: an image layout (oci/layout.hpp) or a repository of a registry
// (registry/remote_store.hpp).
//
//     auto store = registry::open_store(reference, options);
//     auto manifest = store->fetch_manifest(reference);
//
// Whatever is read has been verified against its digest and size. Errors: Error{Code::not_found}
// (no such tag, repository, directory), {denied}, {network}, {verification}, {bad_input} (an answer
// that is none), {io} (a layout's files). Each says what to do next.
#pragma once

#include <cstdint>
#include <future>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "oci/descriptor.hpp"
#include "oci/image.hpp"
#include "oci/manifest.hpp"
#include "oci/reference.hpp"

namespace wasmctl::oci {

// How many requests of one task go to a store side by side.
inline constexpr std::size_t kMaxAtOnce = 4;

// What is known of a blob that is to be stored.
enum class Presence : std::uint8_t { unknown, absent };

class Store {
 public:
  // Of the reference only the place counts.
  explicit Store(Reference place);
  virtual ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const Reference& place() const { return place_; }
  // Of what it holds, for messages: "ghcr.io/acme/a:v1".
  std::string name_of(const Selector& selector) const;

  // The descriptor of what the tag or digest names; null if there is none.
  virtual std::optional<Descriptor> resolve(const Selector& selector) = 0;

  // The manifest or index itself. Throws Error{Code::not_found} if there is none.
  virtual Blob fetch_manifest(const Selector& selector) = 0;

  // A config or layer, piece by piece. It has been verified when this returns, and not before: what
  // `sink` makes of the bytes must not count if this throws.
  virtual void fetch_blob(const Descriptor& descriptor, const base::Sink& sink) = 0;
  // The same to be read later.
  virtual Blob fetch_blob(const Descriptor& descriptor);

  // A blob that can be read while it still arrives and is being verified: `verified.get()` waits
  // for that, and throws if it is not what its digest says. For those who would find out
  // themselves.
  struct OpenedBlob {
    Blob blob;
    std::future<void> verified;
    std::stop_source stop = {};  // nobody wants it any more: nothing is verified then
  };
  virtual OpenedBlob open_blob(const Descriptor& descriptor);

  virtual bool has_blob(const Descriptor& descriptor) = 0;
  // Stores a blob, unless it is large and there already.
  virtual void push_blob(const Blob& blob, Presence presence) = 0;
  // Takes the blob over from another store at the same place. False if that cannot be done.
  virtual bool mount_blob(const Descriptor& descriptor, const Store& from) = 0;

  // Stores a manifest whose blobs are there, under the tag (neither tag nor digest: `latest`), or
  // under its digest alone. One that has a subject is listed among its referrers.
  virtual void push_manifest(const Blob& manifest, const Selector& selector) = 0;
  // The same of one that is found through an index, which is stored after it: by its digest.
  virtual void push_child(const Blob& manifest);

  // All tags, sorted.
  virtual std::vector<std::string> tags() = 0;

  // The manifests whose subject is `subject`, such as its signatures, in the order in which they
  // are kept; only those of `artifact_type`, unless it is empty. None where there is no such image.
  virtual std::vector<Descriptor> referrers(const Digest& subject,
                                            const std::string& artifact_type) = 0;

  // Stores the image's blobs, several at a time, then the manifests under it, then its own.
  void push(const Image& image, const Selector& selector);

 private:
  const Reference place_;
};

// What was fetched by that name, read; of errors the message begins with the name.
std::variant<Manifest, Index> parse_manifest(const Blob& manifest, const std::string& name);

}  // namespace wasmctl::oci
