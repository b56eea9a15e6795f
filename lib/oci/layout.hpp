// Image layouts: an image store that is a directory.
//
//     oci-layout           {"imageLayoutVersion":"1.0.0"}
//     index.json           an index whose entries are tagged by an annotation
//     blobs/sha256/<hex>   every manifest, config and layer
//
// Source: OCI Image Specification v1.1, image-layout.md. Other tools write the same directory:
// entries and fields of index.json that we do not know are kept. A push stores blobs first, each
// whole or not at all, and replaces index.json last, under a lock: a reader sees the old image or
// the new one, and of two pushes at once none is lost.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "oci/reference.hpp"
#include "oci/referrers.hpp"
#include "oci/store.hpp"

namespace wasmctl::oci {

// In the annotations of an entry of index.json: its tag.
inline constexpr char kRefName[] = "org.opencontainers.image.ref.name";

class Layout : public Store {
 public:
  // Nothing is read or made before it is used.
  explicit Layout(std::filesystem::path directory);

  // Where there is neither digest nor tag: the entry tagged `latest`, or else the only image there
  // is. Throws Error{Code::not_found} if there is no such directory, Error{Code::bad_input} if it
  // is no layout.
  std::optional<Descriptor> resolve(const Selector& selector) override;
  Blob fetch_manifest(const Selector& selector) override;
  void fetch_blob(const Descriptor& descriptor, const base::Sink& sink) override;
  Blob fetch_blob(const Descriptor& descriptor) override;
  OpenedBlob open_blob(const Descriptor& descriptor) override;
  bool has_blob(const Descriptor& descriptor) override;
  void push_blob(const Blob& blob, Presence presence) override;
  bool mount_blob(const Descriptor& descriptor, const Store& from) override;  // never
  void push_manifest(const Blob& manifest, const Selector& selector) override;
  void push_child(const Blob& manifest) override;

  // Fit for a terminal: one with control characters, which is none, is escaped.
  std::vector<std::string> tags() override;

  // Of the manifests in index.json. Entries that cannot be read (another tool's kind of digest, a
  // blob that is not there) are passed over.
  std::vector<Descriptor> referrers(const Digest& subject,
                                    const std::string& artifact_type) override;

  // A blob's bytes, verified. Throws Error{Code::not_found} or Error{Code::verification}.
  base::Content read_blob(const Descriptor& descriptor) const;
  // Where the blob is or would be.
  std::filesystem::path blob_path(const Digest& digest) const;

  // Stores one blob, unless it is there and intact. Throws Error{Code::io} where the file system
  // refuses.
  void write_blob(const Blob& blob) const;

  // Makes the directory a layout without images, unless it is one already; one that a killed push
  // has left unfinished is finished. Throws Error{Code::bad_input} for a directory that has other
  // files: it is left alone.
  void prepare() const;

  // Adds the manifest's entry to index.json, in place of the entry that had `tag`. Without a tag an
  // entry is added only if there is none of this digest.
  void add(const Descriptor& manifest, const std::optional<std::string>& tag) const;

 private:
  // It has the right size, and no more is known of it.
  base::Content open_file(const Descriptor& descriptor) const;
  void verify(const Descriptor& descriptor, const base::Content& content) const;
  bool is_there(const Descriptor& descriptor) const;
  Error no_such_image(const Selector& selector);
  // A manifest that index.json does not list, but an index in it may.
  std::optional<Descriptor> resolve_child(const Digest& digest) const;
  std::optional<Referrer> read_referrer(Descriptor manifest) const;
  nlohmann::json images_among(const nlohmann::json& manifests) const;
  bool is_intact(const Descriptor& descriptor) const;

  const std::filesystem::path directory_;
};

}  // namespace wasmctl::oci
