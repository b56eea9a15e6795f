// A repository of a registry, spoken to over HTTP.
// Source: OCI Distribution Specification v1.1.
//
// A push of an image to a fresh repository is five requests on two connections: for each of its two
// blobs, side by side, POST (which opens an upload, and already carries a small blob for registries
// that take it so) and PUT, then the manifest. A HEAD is sent only for large blobs, where it may
// save an upload.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include "registry/authenticator.hpp"
#include "registry/http.hpp"
#include "registry/repository.hpp"

namespace wasmctl::registry {

class RegistryRepository : public Repository {
 public:
  RegistryRepository(const oci::Reference& reference, const Options& options);

  std::optional<oci::Descriptor> resolve(const oci::Reference& reference) override;
  oci::Blob fetch_manifest(const oci::Reference& reference) override;
  std::string fetch_blob(const oci::Descriptor& descriptor) override;
  void push(const oci::Image& image, const oci::Reference& reference) override;

 private:
  enum class Retry { yes, no };

  // One request to the registry, with all that may lie between it and its answer: finding out
  // whether loopback speaks TLS, a login, redirects of a GET, and new tries after what passes.
  Response send(HttpConnection& connection, Request request, const std::string& scope,
                Retry retry = Retry::yes, const std::stop_token& stop = {});
  Response send_following(HttpConnection& connection, Request request, const std::string& scope,
                          const std::stop_token& stop);
  Response send_authorized(HttpConnection& connection, Request request, const std::string& scope,
                           const std::stop_token& stop);
  Response send_finding_scheme(HttpConnection& connection, Request& request,
                               const std::stop_token& stop);
  void pass_warnings_on(const Response& response);
  [[noreturn]] void refuse(const Response& response) const;

  Url url(const std::string& path) const;  // path below /v2/<repository>/
  bool is_ours(const Url& url) const;
  Url upload_location(const Url& from, const Response& response) const;

  bool has_blob(HttpConnection& connection, const oci::Descriptor& descriptor,
                const std::stop_token& stop);
  void push_blobs(const std::vector<oci::Blob>& blobs);
  void push_blob(HttpConnection& connection, const oci::Blob& blob, const std::stop_token& stop);
  Response upload(HttpConnection& connection, const oci::Blob& blob, const std::stop_token& stop);
  void push_manifest(const oci::Blob& manifest, const std::string& tag_or_digest);

  const std::string host_;
  const std::string repository_;
  const HttpOptions http_;
  const std::function<void(const std::string&)> warn_;
  const std::string pull_scope_;
  const std::string push_scope_;
  std::atomic<bool> tls_;
  std::atomic<bool> scheme_known_;
  std::atomic<bool> answered_ =
      false;  // the registry was there once: a refused connection may pass
  Authenticator authenticator_;
  std::string action_;  // begins the message of a refusal
  std::mutex warnings_mutex_;
  std::set<std::string> warnings_;  // shown already
  HttpConnection connection_;       // of the calling thread
};

}  // namespace wasmctl::registry
