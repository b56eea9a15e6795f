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
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "oci/image.hpp"
#include "oci/reference.hpp"
#include "registry/options.hpp"

namespace wasmctl::registry {

// How many requests of one task go to a registry side by side.
inline constexpr std::size_t kMaxAtOnce = 4;

// What is known of a blob that is to be stored.
enum class Presence { unknown, absent };

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

  // A config or layer, piece by piece. It has been verified when this returns, and not before: what
  // `sink` makes of the bytes must not count if this throws.
  virtual void fetch_blob(const oci::Descriptor& descriptor, const base::Sink& sink) = 0;
  // The same to be read later.
  virtual oci::Blob fetch_blob(const oci::Descriptor& descriptor);

  // A blob that can be read while it still arrives and is being verified: `verified.get()` waits
  // for that, and throws if it is not what its digest says. For those who would find out
  // themselves.
  struct OpenedBlob {
    oci::Blob blob;
    std::future<void> verified;
    std::stop_source stop = {};  // nobody wants it any more: `verified` may throw{Kind::stopped}
  };
  virtual OpenedBlob open_blob(const oci::Descriptor& descriptor);

  virtual bool has_blob(const oci::Descriptor& descriptor) = 0;
  // Stores a blob, unless it is large and there already.
  virtual void push_blob(const oci::Blob& blob, Presence presence) = 0;
  // Takes the blob over from another repository of the same registry. False if that cannot be done.
  virtual bool mount_blob(const oci::Descriptor& descriptor, const oci::Reference& from) = 0;

  // Stores a manifest whose blobs are there, under the reference's tag (no digest either:
  // `latest`), or under its digest alone. One that has a subject is listed among its referrers.
  virtual void push_manifest(const oci::Blob& manifest, const oci::Reference& reference) = 0;
  // The same of one that is found through an index, which is stored after it: by its digest.
  virtual void push_child(const oci::Blob& manifest, const oci::Reference& index);

  // All tags, sorted.
  virtual std::vector<std::string> tags() = 0;

  // The manifests whose subject is `subject`, such as its signatures, in the order in which they
  // are kept; only those of `artifact_type`, unless it is empty. None where there is no such image.
  virtual std::vector<oci::Descriptor> referrers(const oci::Digest& subject,
                                                 const std::string& artifact_type) = 0;

  // Stores the image's blobs, several at a time, then the manifests under it, then its own.
  void push(const oci::Image& image, const oci::Reference& reference);
};

// Said as soon as it is known that `reference` will be opened: what takes time is begun beside what
// else the program does. Never throws.
void expect(const oci::Reference& reference);

std::unique_ptr<Repository> open_repository(const oci::Reference& reference,
                                            const Options& options);

// All repositories of a registry, sorted, where it offers the list.
std::vector<std::string> repositories(const std::string& registry, const Options& options);

enum class LoginCheck { accepted, not_asked_for };

// Asks the registry whether it takes options.credentials, which it does not see unless it asks for
// a login itself. Throws Error{Code::denied} if it takes them not.
LoginCheck check_login(const std::string& registry, const Options& options);

// What was fetched as `reference`, read; of errors the message begins with that name.
std::variant<oci::Manifest, oci::Index> parse_manifest(const oci::Blob& manifest,
                                                       const oci::Reference& reference);

}  // namespace wasmctl::registry
