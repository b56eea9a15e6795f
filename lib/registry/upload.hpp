// Sending one blob, by whichever way of the specification the registry takes:
//
//     at most 64 KiB   POST with the blob; a registry that answers 202 wants it by PUT
//     larger           POST, which opens an upload, and PUT with the blob
//     in chunks        POST, PATCH for each chunk, PUT: when asked, after a 413, and to go on
//
// What may have arrived is never sent again blindly. After a request that broke, the registry is
// asked whether it has the blob, then how much of it, and the upload goes on from there; a registry
// that cannot say gets a new upload. An answer that is not quite the specification's (200 for 202
// ...) is taken for what it means, and at the end the registry is asked whether it has the blob.
// Source: OCI Distribution Specification v1.1, "Pushing blobs".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "oci/descriptor.hpp"
#include "oci/store.hpp"
#include "registry/client.hpp"
#include "registry/upload_record.hpp"

namespace wasmctl::registry {

class BlobUpload {
 public:
  // `open` is the POST that opens an upload, `is_there` asks whether the registry has the blob. In
  // chunks of `chunk_bytes`, or 0: in one request, if that is not too large.
  BlobUpload(RegistryClient& registry, Call open, const oci::Blob& blob, std::uint64_t chunk_bytes,
             UploadRecord& record, std::function<bool()> is_there);

  // Returns when the registry has the blob. One whose presence is unknown is asked for first, if it
  // is large. Throws TransportError or what the registry's refusal means.
  void run(oci::Presence presence);

 private:
  http::Response attempt();
  std::optional<http::Response> single_request();
  std::optional<http::Response> open();
  std::optional<http::Response> patch();
  http::Response finish(http::Body body);
  Call call(std::string method, http::Url url, http::Body body) const;

  void remember(const http::Response& response);
  void forget();
  void find_offset();
  void ask_for_offset();
  bool one_more(std::uint64_t offset_before);
  bool may_pass(const http::Response& response);
  Error refusal(const http::Response& response) const;
  bool use_smaller_chunks();

  RegistryClient& registry_;
  const Call open_;
  const oci::Blob& blob_;
  const std::uint64_t size_;
  std::uint64_t chunk_bytes_;
  UploadRecord& record_;
  const std::function<bool()> is_there_;

  std::optional<http::Url> location_;  // of the upload that is open
  std::uint64_t offset_ = 0;           // what the registry has of the blob, in that upload
  bool continued_ = false;             // with bytes that another request sent, or another process
  int failures_ = 0;                   // since there was progress
  int all_failures_ = 0;
};

}  // namespace wasmctl::registry
