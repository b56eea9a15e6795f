// A repository of a registry, spoken to over HTTP.
// Source: OCI Distribution Specification v1.1.
//
// A push of an image to a fresh repository is five requests on two connections: for each of its two
// blobs, side by side, POST (which opens an upload, and already carries a small blob for registries
// that take it so) and PUT, then the manifest. A HEAD is sent only for large blobs, where it may
// save an upload.
#pragma once

#include <mutex>
#include <string>

#include "oci/store.hpp"
#include "registry/client.hpp"
#include "registry/options.hpp"

namespace wasmctl::registry {

class RemoteStore : public oci::Store {
 public:
  RemoteStore(const oci::Reference& reference, const Options& options);

  using oci::Store::fetch_blob;
  std::optional<oci::Descriptor> resolve(const oci::Selector& selector) override;
  oci::Blob fetch_manifest(const oci::Selector& selector) override;
  void fetch_blob(const oci::Descriptor& descriptor, const base::Sink& sink) override;
  OpenedBlob open_blob(const oci::Descriptor& descriptor) override;
  bool has_blob(const oci::Descriptor& descriptor) override;
  void push_blob(const oci::Blob& blob, oci::Presence presence) override;
  bool mount_blob(const oci::Descriptor& descriptor, const oci::Store& from) override;
  void push_manifest(const oci::Blob& manifest, const oci::Selector& selector) override;
  std::vector<std::string> tags() override;
  std::vector<oci::Descriptor> referrers(const oci::Digest& subject,
                                         const std::string& artifact_type) override;

 private:
  // A call below /v2/<repository>/.
  Call call(std::string method, const std::string& path, std::string action) const;
  Call pull_call(std::string method, const std::string& path, std::string action) const;

  void download(const oci::Descriptor& descriptor, const base::Sink& sink,
                const std::stop_token& stop);

  bool has_manifest(const oci::Digest& digest);

  // The index that clients maintain where the registry keeps no list of referrers; null if there is
  // none, or something else has its tag. Throws Error{Code::bad_input} for one that cannot be read.
  // Source: OCI Distribution Specification v1.1, "Listing Referrers".
  struct TaggedReferrers {
    oci::Blob blob;
    oci::Index index;
  };
  std::optional<TaggedReferrers> tagged_referrers(const oci::Digest& subject);
  // What it lists; nothing if it cannot be read.
  std::vector<oci::Descriptor> referrers_by_tag(const oci::Digest& subject);
  void list_as_referrer(const oci::Blob& manifest);
  const std::string name_;  // as the user wrote it, for messages
  const std::filesystem::path uploads_;
  const std::uint64_t chunk_bytes_;
  const std::function<void(std::uint64_t, std::uint64_t)> progress_;
  RegistryClient registry_;
  // Of the lists that clients maintain, which are read and written back. Such a list may itself be
  // found to need one.
  std::recursive_mutex referrers_mutex_;
};

}  // namespace wasmctl::registry
