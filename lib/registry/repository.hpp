// Where images are read and written, be it a registry or an image layout: the one door of cli/.
//
//     auto repository = registry::open_repository(reference, options);
//     auto manifest = repository->fetch_manifest(reference);
//
// Whatever is read has been verified against its digest and size. Errors: Error{Code::not_found}
// (no such tag, repository, directory), {denied}, {network}, {verification}, {bad_input} (an answer
// that is none), {io} (a layout's files). Each says what to do next.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "oci/image.hpp"
#include "oci/reference.hpp"

namespace wasmctl::registry {

struct Options {
  bool plain_http = false;        // HTTP without TLS; on loopback it is found out
  std::filesystem::path ca_file;  // PEM, in place of the system's authorities
  bool skip_tls_verify = false;
  // Environment variables that name credentials: DOCKER_CONFIG, HOME, REGISTRY_AUTH_FILE, ...
  std::function<std::optional<std::string>(const std::string&)> env;
  // What the user should know although it is no error: a registry's Warning header, a broken
  // docker config. One line, lower case, without secrets.
  std::function<void(const std::string&)> warn;
};

class Repository {
 public:
  Repository() = default;
  virtual ~Repository() = default;
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;

  // The descriptor of what the tag or digest names (no tag: `latest`); null if there is none.
  virtual std::optional<oci::Descriptor> resolve(const oci::Reference& reference) = 0;

  // The manifest or index itself. Throws Error{Code::not_found} if there is none.
  virtual oci::Blob fetch_manifest(const oci::Reference& reference) = 0;

  // A config or layer.
  virtual std::string fetch_blob(const oci::Descriptor& descriptor) = 0;

  // Stores the image's blobs, then its manifest under the reference's tag (none: `latest`).
  // Throws Error{Code::usage} before anything is sent if the reference has another digest.
  virtual void push(const oci::Image& image, const oci::Reference& reference) = 0;
};

std::unique_ptr<Repository> open_repository(const oci::Reference& reference,
                                            const Options& options);

// The manifest that Istio's fetcher loads from `reference`, whose digest is the only right pin
// (spec.sha256, `@sha256:`): an index's linux/amd64 child, else the manifest itself. Throws
// Error{Code::not_found} for a missing image, Error{Code::unloadable} for an index without such a
// child.
oci::Blob fetch_for_istio(Repository& repository, const oci::Reference& reference);

}  // namespace wasmctl::registry
