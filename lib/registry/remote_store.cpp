#include "registry/remote_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "base/log.hpp"
#include "base/printable.hpp"
#include "http/headers.hpp"
#include "oci/media_type.hpp"
#include "oci/referrers.hpp"
#include "registry/refusal.hpp"
#include "registry/registry.hpp"
#include "registry/upload.hpp"

namespace wasmctl::registry {

namespace {

// From here on it is worth a file to go on with an upload that was killed.
constexpr std::uint64_t kRecordedBytes = 4 * 1024 * 1024;
// A list of tags, of repositories or of referrers, in all its pages.
constexpr std::size_t kMaxPages = 1000;
constexpr std::uint64_t kMaxListBytes = 64 * 1024 * 1024;  // a million tags of 60 characters
constexpr std::size_t kMaxRepositoryName = 255;            // as docker and its registry have it
constexpr int kMaxFailures = 50;  // of one download, however far each try gets

std::string accepted_manifests() {
  namespace type = oci::media_type;
  return fmt::format("{}, {}, {}, {}", type::kOciManifest, type::kOciIndex, type::kDockerManifest,
                     type::kDockerIndex);
}

// The digest that the answer names, which may be left out; empty if it is one of an algorithm that
// is not compared, such as sha512.
std::string digest_of(const http::Response& response) {
  auto digest = response.header("docker-content-digest");
  return digest.starts_with("sha256:") ? digest : "";
}

bool is_document(std::string_view type) {
  return oci::media_type::is_manifest(type) || oci::media_type::is_index(type);
}

// What a manifest is, where the server said no more than that it is JSON, or nothing: what it says
// of itself, else its shape, which only OCI leaves at that.
std::string own_type(const http::Response& response, std::string said, const std::string& action) {
  if (is_web_page(response)) throw web_page(action, response);
  const auto value = oci::parse_json(response.body, fmt::format("{}: the manifest", action));
  if (!value.is_object()) return said;
  const auto own = value.find("mediaType");
  if (own != value.end()) {
    auto type = own->is_string() ? own->get<std::string>() : "";
    return is_document(type) ? type : said;
  }
  if (value.contains("manifests")) return std::string(oci::media_type::kOciIndex);
  const bool single = value.contains("config") && value.contains("layers");
  return single ? std::string(oci::media_type::kOciManifest) : said;
}

std::string cannot_push(const std::string& what) {
  return fmt::format("cannot push to {}", what);
}
std::string cannot_read(const std::string& what) {
  return fmt::format("cannot read {}", what);
}

// Hands the part of an answer on that is new: the first `have` bytes came from a try before.
class Continuation {
 public:
  Continuation(const base::Sink& sink, std::uint64_t size) : sink_(sink), left_(size) {}

  std::uint64_t have() const { return have_; }
  bool complete() const { return left_ == 0; }
  void begin() { skip_ = have_; }

  void take(const http::Response& head, std::string_view bytes) {
    // 206 begins where it was asked to; any other answer begins at the start.
    if (head.status == 206 &&
        head.header("content-range").starts_with(fmt::format("bytes {}-", have_)) &&
        skip_ == have_) {
      skip_ = 0;
    }
    const auto old = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
    skip_ -= old;
    bytes.remove_prefix(old);
    have_ += bytes.size();
    left_ -= std::min<std::uint64_t>(left_, bytes.size());
    if (!bytes.empty()) sink_(bytes);
  }

 private:
  const base::Sink& sink_;
  std::uint64_t have_ = 0;
  std::uint64_t left_;
  std::uint64_t skip_ = 0;
};

// Link: </v2/acme/a/tags/list?last=v9&n=100>; rel="next"
// A registry behind a proxy may call itself by another name or scheme: it is asked as before.
std::optional<http::Url> next_page(const RegistryClient& registry, const http::Url& here,
                                   const http::Response& response) {
  const auto link = http::next_link(response);
  const auto target = link ? http::resolve_url(here, *link) : std::nullopt;
  return target ? std::optional(registry.url(target->target)) : std::nullopt;
}

bool is_repository_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxRepositoryName;
}

// A list of names that a registry has.
struct NameList {
  const char* key;                    // in the answer's JSON
  bool (*is_name)(std::string_view);  // what is none is passed over
  Error (*absent)(const RegistryClient&,
                  const http::Response&);  // where the registry has none; may be null
};

Error no_catalog(const RegistryClient& registry, const http::Response& response) {
  return Error(Code::not_found, fmt::format("`{}` offers no list of repositories", registry.host()))
      .because(fmt::format("it answered {}", response.status))
      .hint(fmt::format("list the tags of one: `wasmctl list {}/REPOSITORY`", registry.host()));
}

// The names on a page of it. Go writes an empty list as null or, beside the repository's name,
// leaves it out.
std::vector<std::string> names_of(const RegistryClient& registry, const http::Response& response,
                                  const NameList& list, const std::string& action) {
  if (is_web_page(response)) throw web_page(action, response);
  const auto value = oci::parse_json(response.body, fmt::format("{}: the answer", action));
  const auto field = value.is_object() ? value.value(list.key, nlohmann::json()) : nlohmann::json();
  const bool empty = value.is_object() && (value.contains(list.key) || value.contains("name"));
  std::vector<std::string> names;
  if (field.is_null() && empty) return names;
  if (!field.is_array()) {
    throw Error(Code::bad_input, fmt::format("{}: the answer has no list `{}`", action, list.key))
        .hint(fmt::format("check that `{}` is the registry's address", registry.host()));
  }
  for (const auto& entry : field) {
    if (!entry.is_string() || !list.is_name(entry.get_ref<const std::string&>())) continue;
    names.push_back(entry.get<std::string>());
  }
  return names;
}

oci::Index index_of(const http::Response& response, const std::string& action) {
  try {
    return std::get<oci::Index>(oci::parse_manifest(response.body, oci::media_type::kOciIndex));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", action, error.message()));
  }
}

// All registries take an OCI image whose config is one.
Error refused_manifest(Error error, const oci::Blob& manifest) {
  const bool usual =
      manifest.descriptor.media_type == oci::media_type::kOciManifest &&
      manifest.content.view().find(oci::media_type::kOciConfig) != std::string_view::npos;
  if (!usual && error.code() == Code::bad_input) {
    error.hint(
        "some registries take the most common kind of image alone: `wasmctl push --format image`");
  }
  return error;
}

Error endless(const std::string& action) {
  return {Code::bad_input, fmt::format("{}: the list has no end: more than {} pages or {} MiB",
                                       action, kMaxPages, kMaxListBytes >> 20U)};
}

// Sends `call`, and again for each further page that an answer names, while `take` wants more. A
// link back to a page that was there ends it.
void for_each_page(RegistryClient& registry, Call call,
                   const std::function<bool(const Call&, const http::Response&)>& take) {
  call.request.max_answer_bytes = oci::kMaxManifestBytes;
  std::set<std::string> pages;
  std::uint64_t bytes = 0;
  while (pages.size() < kMaxPages && bytes <= kMaxListBytes) {
    pages.insert(call.request.url.target);
    const auto response = registry.send(call);
    bytes += response.body.size();
    if (!take(call, response)) return;
    const auto next = next_page(registry, call.request.url, response);
    if (!next || pages.contains(next->target)) return;
    call.request.url = *next;
  }
  throw endless(call.action);
}

// No such list, or no such endpoint. The specification has 404 for both; some registries and what
// stands before them say otherwise that they do not know the path.
bool has_no_list(const http::Response& response) {
  if (response.status == 400) return error_code(response) == "UNSUPPORTED";
  return response.status == 404 || response.status == 405 || response.status == 501;
}

// All pages of a list.
std::vector<std::string> fetch_list(RegistryClient& registry, Call call, const NameList& list) {
  std::set<std::string> all;
  for_each_page(registry, std::move(call), [&](const Call& sent, const http::Response& response) {
    if (list.absent != nullptr && has_no_list(response)) throw list.absent(registry, response);
    if (response.status != 200) throw registry.refusal(sent, response);
    auto names = names_of(registry, response, list, sent.action);
    all.insert(std::move_iterator(names.begin()), std::move_iterator(names.end()));
    return true;
  });
  return {all.begin(), all.end()};
}

// Whether it is an index at all, be it one that we would refuse.
bool is_index_text(const oci::Blob& blob) {
  if (!oci::media_type::is_index(blob.descriptor.media_type)) return false;
  try {
    const auto value = oci::parse_json(blob.content.view(), "the list of referrers");
    return value.is_object() && value.contains("manifests");
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

RemoteStore::RemoteStore(const oci::Reference& reference, const Options& options)
    : Store(reference),
      name_(oci::to_string(reference)),
      uploads_(options.uploads),
      chunk_bytes_(options.chunk_bytes),
      progress_(options.progress ? options.progress : [](std::uint64_t, std::uint64_t) {}),
      registry_(reference.registry, reference.repository, options) {}

Call RemoteStore::call(std::string method, const std::string& path, std::string action) const {
  Call result;
  result.request.method = std::move(method);
  result.request.url = registry_.url(fmt::format("/v2/{}/{}", place().repository, path));
  result.action = std::move(action);
  result.scope = fmt::format("repository:{}:pull,push", place().repository);
  return result;
}

Call RemoteStore::pull_call(std::string method, const std::string& path, std::string action) const {
  auto result = call(std::move(method), path, std::move(action));
  result.scope = fmt::format("repository:{}:pull", place().repository);
  return result;
}

std::optional<oci::Descriptor> RemoteStore::resolve(const oci::Selector& selector) {
  auto head =
      pull_call("HEAD", "manifests/" + tag_or_digest(selector), cannot_read(name_of(selector)));
  head.request.headers = {{"Accept", accepted_manifests()}};
  const auto response = registry_.send(head);
  if (response.status == 404) return std::nullopt;
  const auto digest = digest_of(response);
  const auto size = http::parse_decimal(response.header("content-length"));
  auto type = http::content_type(response);
  // Some registries leave the digest or the type out, or answer HEAD with an error only: the
  // document decides.
  if (response.status != 200 || digest.empty() || !size || !is_document(type)) {
    return fetch_manifest(selector).descriptor;
  }
  oci::Descriptor descriptor;
  descriptor.media_type = std::move(type);
  descriptor.digest = oci::Digest::parse(digest);
  descriptor.size = *size;
  if (selector.digest && descriptor.digest != *selector.digest) {
    throw Error(Code::verification, fmt::format("{}: the registry offers {} in its place",
                                                head.action, descriptor.digest.text()));
  }
  return descriptor;
}

oci::Blob RemoteStore::fetch_manifest(const oci::Selector& selector) {
  auto get =
      pull_call("GET", "manifests/" + tag_or_digest(selector), cannot_read(name_of(selector)));
  get.request.headers = {{"Accept", accepted_manifests()}};
  get.request.max_answer_bytes = oci::kMaxManifestBytes;
  auto response = registry_.send(get);
  if (response.status != 200) throw registry_.refusal(get, response);

  oci::Blob manifest{oci::describe(http::content_type(response), response.body), {}};
  const auto promised = selector.digest ? selector.digest->text() : digest_of(response);
  if (!promised.empty() && promised != manifest.descriptor.digest.text()) {
    throw Error(Code::verification,
                fmt::format("{}: {} was asked for, but the bytes are {}", get.action,
                            base::printable(promised, 80), manifest.descriptor.digest.text()));
  }
  auto& type = manifest.descriptor.media_type;
  if (!is_document(type)) type = own_type(response, std::move(type), get.action);
  manifest.content = std::move(response.body);
  return manifest;
}

void RemoteStore::fetch_blob(const oci::Descriptor& descriptor, const base::Sink& sink) {
  download(descriptor, sink, {});
}

oci::Store::OpenedBlob RemoteStore::open_blob(const oci::Descriptor& descriptor) {
  if (descriptor.size == 0) return Store::open_blob(descriptor);
  const auto arriving = std::make_shared<base::Arriving>(descriptor.size);
  const std::stop_source stop;
  const auto arrive = [this, descriptor, arriving, stop] {
    try {
      download(
          descriptor, [&](std::string_view bytes) { arriving->write(bytes); }, stop.get_token());
    } catch (const http::TransportError& error) {
      arriving->fail();
      if (error.kind() == http::TransportError::Kind::stopped) return;
      throw;
    } catch (...) {
      arriving->fail();
      throw;
    }
    arriving->finish();
  };
  try {
    auto verified = std::async(std::launch::async, arrive);
    return {{descriptor, arriving->content()}, std::move(verified), stop};
  } catch (const std::system_error&) {  // no thread to be had
    return Store::open_blob(descriptor);
  }
}

// One that broke goes on where it stopped, or begins again where the server cannot do that.
void RemoteStore::download(const oci::Descriptor& descriptor, const base::Sink& sink,
                           const std::stop_token& stop) {
  auto get = pull_call("GET", "blobs/" + descriptor.digest.text(),
                       fmt::format("cannot read {} of {}/{}", descriptor.digest.text(),
                                   place().registry, place().repository));
  oci::Verifier verifier(descriptor);
  progress_(descriptor.size, 0);
  const base::Sink verified = [&](std::string_view bytes) {
    verifier.update(bytes);
    progress_(0, bytes.size());
    sink(bytes);
  };
  Continuation content(verified, descriptor.size);
  get.request.max_answer_bytes = descriptor.size;
  get.request.sink = [&](const http::Response& head, std::string_view bytes) {
    content.take(head, bytes);
  };
  get.retry = false;
  int failures = 0;
  for (int attempt = 0;; ++attempt) {
    content.begin();
    get.request.headers.clear();
    if (content.have() > 0) {
      get.request.headers = {{"Range", fmt::format("bytes={}-", content.have())}};
    }
    std::optional<http::Response> response;
    const auto before = content.have();
    try {
      response = registry_.send(get, stop);
      if (response->status == 200 || response->status == 206) break;
      if (attempt == http::kMaxRetries || !http::is_transient(*response)) {
        throw registry_.refusal(get, *response);
      }
    } catch (const http::TransportError& error) {
      if (!http::is_transient(error) || ++failures == kMaxFailures) throw;
      if (content.have() > before) attempt = 0;  // it does go on
      if (attempt == http::kMaxRetries) throw;
    }
    registry_.wait_before_retry(attempt, response ? &*response : nullptr, stop);
  }
  verifier.finish();
}

bool RemoteStore::has_blob(const oci::Descriptor& descriptor) {
  const auto path = "blobs/" + descriptor.digest.text();
  return registry_.send(call("HEAD", path, "")).status == 200;
}

bool RemoteStore::mount_blob(const oci::Descriptor& descriptor, const oci::Store& from) {
  if (from.place().registry != place().registry) return false;
  const auto& other = from.place().repository;
  if (other == place().repository) return true;
  auto mount = call("POST", "blobs/uploads/", cannot_push(name_));
  mount.request.url = http::with_query(
      http::with_query(mount.request.url, "mount", descriptor.digest.text()), "from", other);
  mount.request.body = http::Body();
  mount.scope += fmt::format(" repository:{}:pull", other);
  // A token for two repositories at once is more than some token servers give, or than they mean by
  // what they give. Each may still be read or written by itself.
  try {
    if (registry_.send(mount).status == 201) return true;
  } catch (const http::TransportError&) {
    throw;
  } catch (const Error& error) {
    base::log_info(error.message());
  }
  registry_.forget_token(mount.scope);
  return false;
}

void RemoteStore::push_blob(const oci::Blob& blob, oci::Presence presence) {
  const auto& digest = blob.descriptor.digest;
  auto open = call("POST", "blobs/uploads/", cannot_push(name_));
  open.request.body = http::Body();
  bool begun = false;  // nothing is expected of a blob that is there already
  open.request.on_sent = [&](std::uint64_t bytes) {
    progress_(std::exchange(begun, true) ? 0 : blob.descriptor.size, bytes);
  };
  std::optional<UploadRecord> record;
  if (blob.descriptor.size >= kRecordedBytes && !uploads_.empty()) {
    record.emplace(uploads_,
                   fmt::format("{}/{}@{}", place().registry, place().repository, digest.text()));
  } else {
    record.emplace();
  }
  BlobUpload upload(registry_, std::move(open), blob, chunk_bytes_, *record,
                    [&] { return has_blob(blob.descriptor); });
  upload.run(presence);
}

void RemoteStore::push_manifest(const oci::Blob& manifest, const oci::Selector& selector) {
  const auto digest = manifest.descriptor.digest.text();
  auto put = call("PUT", "manifests/" + tag_to_set(selector).value_or(digest),
                  cannot_push(name_of(selector)));
  put.request.headers = {{"Content-Type", manifest.descriptor.media_type}};
  put.request.body = http::Body(manifest.content);
  const auto response = registry_.send(put);
  if (!http::is_success(response))
    throw refused_manifest(registry_.refusal(put, response), manifest);
  const auto stored = digest_of(response);
  if (!stored.empty() && stored != digest) {
    throw Error(Code::verification, fmt::format("{}: {} was sent, but the registry stored {}",
                                                put.action, digest, base::printable(stored, 80)));
  }
  // 201 it should be. Some registries say 200 or 202, but so does a page that answers everything.
  if (response.status != 201 && stored.empty() && !has_manifest(manifest.descriptor.digest)) {
    throw registry_.refusal(put, response);
  }
  if (response.header("oci-subject").empty()) list_as_referrer(manifest);
}

bool RemoteStore::has_manifest(const oci::Digest& digest) {
  try {
    return resolve(oci::by_digest(digest)).has_value();
  } catch (const http::TransportError&) {
    throw;
  } catch (const Error&) {  // something else is there
    return false;
  }
}

// A registry that does not answer with OCI-Subject leaves the list of referrers to its clients.
void RemoteStore::list_as_referrer(const oci::Blob& manifest) {
  const auto referrer = oci::as_referrer(manifest);
  if (!referrer) return;
  const std::lock_guard lock(referrers_mutex_);
  std::optional<TaggedReferrers> old;
  try {
    old = tagged_referrers(referrer->subject);
  } catch (const Error& error) {
    if (error.code() != Code::bad_input) throw;
    base::log_warning(fmt::format("{}: this list of referrers is left as it is, without {}",
                                  error.message(), manifest.descriptor.digest.text()));
    return;
  }
  const auto type = old ? old->index.media_type : std::string(oci::media_type::kOciIndex);
  auto text =
      oci::with_referrer(old ? std::optional(old->blob) : std::nullopt, referrer->descriptor);
  oci::Blob list{oci::describe(type, text), {}};
  list.content = std::move(text);
  if (old && list.descriptor.digest == old->blob.descriptor.digest) return;
  push_manifest(list, {oci::referrers_tag(referrer->subject), std::nullopt});
}

std::optional<RemoteStore::TaggedReferrers> RemoteStore::tagged_referrers(
    const oci::Digest& subject) {
  const oci::Selector selector{oci::referrers_tag(subject), std::nullopt};
  oci::Blob list;
  try {
    if (!resolve(selector)) return std::nullopt;
    list = fetch_manifest(selector);
  } catch (const Error& error) {
    if (error.code() != Code::bad_input) throw;
    base::log_info(error.message());
    return std::nullopt;
  }
  // GitLab takes such a tag for the digest: the image itself comes back.
  if (list.descriptor.digest == subject || !is_index_text(list)) return std::nullopt;
  auto document = parse_manifest(list, name_of(selector));
  auto* index = std::get_if<oci::Index>(&document);
  if (index == nullptr) return std::nullopt;
  return TaggedReferrers{std::move(list), std::move(*index)};
}

std::vector<oci::Descriptor> RemoteStore::referrers_by_tag(const oci::Digest& subject) {
  try {
    auto list = tagged_referrers(subject);
    return list ? std::move(list->index.manifests) : std::vector<oci::Descriptor>();
  } catch (const Error& error) {
    if (error.code() != Code::bad_input) throw;
    base::log_info(error.message());
    return {};
  }
}

std::vector<oci::Descriptor> RemoteStore::referrers(const oci::Digest& subject,
                                                    const std::string& artifact_type) {
  auto get = pull_call("GET", "referrers/" + subject.text(),
                       cannot_read(fmt::format("the referrers of {}", name_)));
  get.request.headers = {{"Accept", std::string(oci::media_type::kOciIndex)}};
  if (!artifact_type.empty()) {
    get.request.url = http::with_query(get.request.url, "artifactType", artifact_type);
  }
  std::vector<oci::Descriptor> all;
  bool begun = false;
  for_each_page(registry_, std::move(get), [&](const Call& sent, const http::Response& response) {
    if (!begun && has_no_list(response)) {
      all = referrers_by_tag(subject);
      return false;
    }
    if (response.status != 200) throw registry_.refusal(sent, response);
    begun = true;
    if (is_web_page(response)) throw web_page(sent.action, response);
    const auto entries = index_of(response, sent.action).manifests;
    all.insert(all.end(), entries.begin(), entries.end());
    return true;
  });
  return oci::of_type(std::move(all), artifact_type);
}

std::vector<std::string> RemoteStore::tags() {
  const auto name = fmt::format("{}/{}", place().registry, place().repository);
  return fetch_list(registry_, pull_call("GET", "tags/list", cannot_read(name)),
                    {"tags", &oci::is_tag, nullptr});
}

std::vector<std::string> repositories(const std::string& registry, const Options& options) {
  RegistryClient server(registry, "", options);
  Call get;
  get.request.url = server.url("/v2/_catalog");
  get.action = fmt::format("cannot list the repositories of {}", registry);
  get.scope = "registry:catalog:*";
  return fetch_list(server, get, {"repositories", &is_repository_name, &no_catalog});
}

LoginCheck check_login(const std::string& registry, const Options& options) {
  RegistryClient server(registry, "", options);
  Call get;
  get.request.url = server.url("/v2/");
  get.action = fmt::format("cannot log in to {}", registry);
  const auto response = server.send(get);
  if (response.status != 200) throw server.refusal(get, response);
  return server.sends_login(get.scope) ? LoginCheck::accepted : LoginCheck::not_asked_for;
}

}  // namespace wasmctl::registry
