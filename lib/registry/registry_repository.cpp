#include "registry/registry_repository.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "base/log.hpp"
#include "oci/media_type.hpp"
#include "registry/answer.hpp"

namespace wasmctl::registry {

namespace {

constexpr int kMaxRetries = 3;
constexpr int kMaxRedirects = 5;
constexpr std::chrono::milliseconds kFirstDelay{200};
constexpr std::chrono::seconds kMaxDelay{30};
// From here on the question whether the registry has a blob costs less than sending it in vain.
constexpr std::uint64_t kAskFirstBytes = 1024 * 1024;
// Up to here a blob rides on the POST that opens the upload. Sent in vain, it costs less than a
// round trip.
constexpr std::uint64_t kSingleRequestBytes = 64 * 1024;
constexpr std::size_t kMaxConnections = 4;
constexpr char kOctets[] = "application/octet-stream";

std::string api_host(const std::string& registry) {
  return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

std::string accepted_manifests() {
  namespace type = oci::media_type;
  return fmt::format("{}, {}, {}, {}", type::kOciManifest, type::kOciIndex, type::kDockerManifest,
                     type::kDockerIndex);
}

bool is_transient(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
         status == 504;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Retry-After in seconds; its other form, a date, is no better than our own delay.
std::chrono::milliseconds retry_after(const Response& response) {
  const auto text = response.header("retry-after");
  const bool number = !text.empty() && text.size() <= 6 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::chrono::seconds(std::stoi(text)) : std::chrono::seconds(0);
}

// Doubles from try to try. Half of it is chance, so that many clients do not come back at once.
void wait_before_retry(int attempt, std::chrono::milliseconds asked, const std::stop_token& stop) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto full = kFirstDelay * (1 << attempt);
  const auto half = full.count() / 2;
  const std::chrono::milliseconds own(half + std::uniform_int_distribution<long>(0, half)(random));
  const auto end = std::chrono::steady_clock::now() +
                   std::min<std::chrono::milliseconds>(std::max(own, asked), kMaxDelay);
  while (std::chrono::steady_clock::now() < end && !stop.stop_requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::string content_type(const Response& response) {
  const auto type = response.header("content-type");
  const auto end = type.find_first_of("; ");
  return type.substr(0, end);
}

}  // namespace

RegistryRepository::RegistryRepository(const oci::Reference& reference, const Options& options)
    : host_(api_host(reference.registry)),
      repository_(reference.repository),
      http_{options.ca_file, options.skip_tls_verify},
      warn_(options.warn),
      pull_scope_(fmt::format("repository:{}:pull", reference.repository)),
      push_scope_(fmt::format("repository:{}:pull,push", reference.repository)),
      tls_(!options.plain_http && (!is_loopback(reference.registry) || !options.ca_file.empty() ||
                                   options.skip_tls_verify)),
      scheme_known_(options.plain_http || tls_),
      authenticator_(reference.registry, reference.repository, http_, options.env, options.warn),
      connection_(http_) {}

Url RegistryRepository::url(const std::string& path) const {
  return {tls_ ? "https" : "http", host_, fmt::format("/v2/{}/{}", repository_, path)};
}

bool RegistryRepository::is_ours(const Url& url) const {
  return same_origin(url, {tls_ ? "https" : "http", host_, ""});
}

void RegistryRepository::refuse(const Response& response) const {
  throw refusal(action_, response, url(""), authenticator_.login());
}

// A Warning header is for the user's eyes (specification, "Warnings"): 299 - "text".
void RegistryRepository::pass_warnings_on(const Response& response) {
  const auto [first, last] = response.headers.equal_range("warning");
  for (auto header = first; header != last; ++header) {
    const auto& value = header->second;
    const auto start = value.find('"');
    if (!value.starts_with("299 ") || start == std::string::npos || !value.ends_with('"')) continue;
    const auto text = printable(value.substr(start + 1, value.size() - start - 2));
    const std::lock_guard lock(warnings_mutex_);
    if (warnings_.size() < 10 && warnings_.insert(text).second) {
      warn_(fmt::format("`{}` says: {}", host_, text));
    }
  }
}

Response RegistryRepository::send_finding_scheme(HttpConnection& connection, Request& request,
                                                 const std::stop_token& stop) {
  if (scheme_known_ || !is_ours(request.url)) return connection.send(request, stop);
  std::optional<TransportError> first_error;
  try {
    auto response = connection.send(request, stop);
    if (!wants_tls(response)) {
      scheme_known_ = true;
      return response;
    }
  } catch (const TransportError& error) {
    using Kind = TransportError::Kind;
    if (error.kind() != Kind::silent && error.kind() != Kind::malformed &&
        error.kind() != Kind::broken) {
      throw;
    }
    first_error = error;
  }
  request.url.scheme = "https";
  try {
    auto response = connection.send(request, stop);
    tls_ = true;
    scheme_known_ = true;
    return response;
  } catch (const TransportError&) {
    if (first_error) throw *first_error;
    throw;
  }
}

Response RegistryRepository::send_authorized(HttpConnection& connection, Request request,
                                             const std::string& scope,
                                             const std::stop_token& stop) {
  // Never to another host: not a redirect's, nor an upload's.
  const bool ours = is_ours(request.url);
  if (ours) request.authorization = authenticator_.authorization(scope);
  auto response = send_finding_scheme(connection, request, stop);
  answered_ = true;
  pass_warnings_on(response);
  if (!ours || response.status != 401 ||
      !authenticator_.answer(response, request.url, scope, request.authorization)) {
    return response;
  }
  request.authorization = authenticator_.authorization(scope);
  return connection.send(request, stop);
}

Response RegistryRepository::send_following(HttpConnection& connection, Request request,
                                            const std::string& scope, const std::stop_token& stop) {
  for (int redirects = 0;; ++redirects) {
    auto response = send_authorized(connection, request, scope, stop);
    const bool readable = request.method == "GET" || request.method == "HEAD";
    if (!readable || !is_redirect(response.status)) return response;
    const auto target = resolve_url(request.url, response.header("location"));
    if (redirects == kMaxRedirects || !target ||
        (request.url.scheme == "https" && target->scheme == "http")) {
      throw Error(Code::bad_input,
                  fmt::format("{}: `{}` redirects {}", action_, request.url.authority,
                              !target                      ? "to nowhere"
                              : redirects == kMaxRedirects ? "again and again"
                                                           : "from TLS to plain HTTP"));
    }
    request.url = *target;
    request.headers.clear();  // Accept is the registry's business, not the storage's
  }
}

Response RegistryRepository::send(HttpConnection& connection, Request request,
                                  const std::string& scope, Retry retry,
                                  const std::stop_token& stop) {
  for (int attempt = 0;; ++attempt) {
    const bool last = retry == Retry::no || attempt == kMaxRetries;
    std::chrono::milliseconds asked{0};
    try {
      auto response = send_following(connection, request, scope, stop);
      if (last || !is_transient(response.status)) return response;
      asked = retry_after(response);
    } catch (const TransportError& error) {
      using Kind = TransportError::Kind;
      const bool may_pass = error.kind() == Kind::silent || error.kind() == Kind::broken ||
                            (error.kind() == Kind::unconnected && answered_);
      if (last || !may_pass) throw;
    }
    base::log_info(fmt::format("{} {}: once more", request.method, redacted(request.url)));
    wait_before_retry(attempt, asked, stop);
  }
}

std::optional<oci::Descriptor> RegistryRepository::resolve(const oci::Reference& reference) {
  action_ = fmt::format("cannot read {}", oci::to_string(reference));
  Request request;
  request.method = "HEAD";
  request.url = url("manifests/" + tag_or_digest(reference));
  request.headers = {{"Accept", accepted_manifests()}};
  const auto response = send(connection_, request, pull_scope_);
  if (response.status == 404) return std::nullopt;
  const auto digest = response.header("docker-content-digest");
  const auto length = response.header("content-length");
  // Some registries leave the digest out, or answer HEAD with an error only: the document decides.
  const bool enough = response.status == 200 && !digest.empty() && !length.empty() &&
                      length.size() <= 9 &&
                      length.find_first_not_of("0123456789") == std::string::npos;
  if (!enough) return fetch_manifest(reference).descriptor;
  oci::Descriptor descriptor;
  descriptor.media_type = content_type(response);
  descriptor.digest = oci::Digest::parse(digest);
  descriptor.size = std::stoul(length);
  if (reference.digest && descriptor.digest != *reference.digest) {
    throw Error(Code::verification, fmt::format("{}: the registry offers {} in its place", action_,
                                                descriptor.digest.text()));
  }
  return descriptor;
}

oci::Blob RegistryRepository::fetch_manifest(const oci::Reference& reference) {
  action_ = fmt::format("cannot read {}", oci::to_string(reference));
  Request request;
  request.url = url("manifests/" + tag_or_digest(reference));
  request.headers = {{"Accept", accepted_manifests()}};
  request.max_answer_bytes = oci::kMaxManifestBytes;
  auto response = send(connection_, request, pull_scope_);
  if (response.status != 200) refuse(response);

  oci::Blob manifest{oci::describe(content_type(response), response.body), {}};
  const auto promised =
      reference.digest ? reference.digest->text() : response.header("docker-content-digest");
  if (!promised.empty() && promised != manifest.descriptor.digest.text()) {
    throw Error(Code::verification,
                fmt::format("{}: {} was asked for, but the bytes are {}", action_,
                            printable(promised, 80), manifest.descriptor.digest.text()));
  }
  manifest.bytes = std::move(response.body);
  return manifest;
}

std::string RegistryRepository::fetch_blob(const oci::Descriptor& descriptor) {
  action_ = fmt::format("cannot read {} of {}/{}", descriptor.digest.text(), host_, repository_);
  Request request;
  request.url = url("blobs/" + descriptor.digest.text());
  request.max_answer_bytes = descriptor.size;
  auto response = send(connection_, request, pull_scope_);
  if (response.status != 200) refuse(response);
  oci::verify(descriptor, response.body);
  return std::move(response.body);
}

void RegistryRepository::push(const oci::Image& image, const oci::Reference& reference) {
  action_ = fmt::format("cannot push to {}", oci::to_string(reference));
  push_blobs(image.blobs);
  push_manifest(image.manifest,
                tag_to_set(reference).value_or(image.manifest.descriptor.digest.text()));
}

void RegistryRepository::push_blobs(const std::vector<oci::Blob>& blobs) {
  std::atomic<std::size_t> next = 0;
  std::stop_source stop;
  std::mutex mutex;
  std::exception_ptr first_error;
  const auto work = [&](HttpConnection& connection) {
    while (!stop.stop_requested()) {
      const auto index = next++;
      if (index >= blobs.size()) return;
      try {
        push_blob(connection, blobs[index], stop.get_token());
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first_error) first_error = std::current_exception();
        stop.request_stop();
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < std::min(blobs.size(), kMaxConnections); ++i) {
      helpers.emplace_back([&] {
        HttpConnection connection(http_);
        work(connection);
      });
    }
    work(connection_);
  }
  if (first_error) std::rethrow_exception(first_error);
}

bool RegistryRepository::has_blob(HttpConnection& connection, const oci::Descriptor& descriptor,
                                  const std::stop_token& stop) {
  Request request;
  request.method = "HEAD";
  request.url = url("blobs/" + descriptor.digest.text());
  return send(connection, request, push_scope_, Retry::yes, stop).status == 200;
}

// An upload that broke may have arrived: ask, and if it has not, begin again with a new session.
// The old one is never sent to a second time, for what it holds is not known.
void RegistryRepository::push_blob(HttpConnection& connection, const oci::Blob& blob,
                                   const std::stop_token& stop) {
  for (int attempt = 0;; ++attempt) {
    const bool ask = attempt > 0 || blob.descriptor.size >= kAskFirstBytes;
    if (ask && has_blob(connection, blob.descriptor, stop)) return;
    std::chrono::milliseconds asked{0};
    try {
      const auto response = upload(connection, blob, stop);
      if (response.status == 201) return;
      const bool lost = response.status == 404 && !parse_errors(response.body).empty() &&
                        parse_errors(response.body)[0].code == "BLOB_UPLOAD_UNKNOWN";
      if (attempt == kMaxRetries || (!is_transient(response.status) && !lost)) refuse(response);
      asked = retry_after(response);
    } catch (const TransportError& error) {
      using Kind = TransportError::Kind;
      const bool may_pass = error.kind() == Kind::silent || error.kind() == Kind::broken;
      if (attempt == kMaxRetries || !may_pass) throw;
    }
    base::log_info(fmt::format("{}: once more", blob.descriptor.digest.text()));
    wait_before_retry(attempt, asked, stop);
  }
}

// The answer to the request that ended the upload: 201 if the registry has the blob now.
Response RegistryRepository::upload(HttpConnection& connection, const oci::Blob& blob,
                                    const std::stop_token& stop) {
  const auto digest = blob.descriptor.digest.text();
  const bool small = blob.bytes.size() <= kSingleRequestBytes;
  Request open;
  open.method = "POST";
  open.url = url("blobs/uploads/");
  open.body = "";
  Request single = open;
  single.url = with_query(single.url, "digest", digest);
  single.headers = {{"Content-Type", kOctets}};
  single.body = blob.bytes;

  auto response = send(connection, small ? single : open, push_scope_, Retry::yes, stop);
  const auto status = response.status;
  // A registry that chokes on the single request may know the plain one.
  if (small && status >= 400 && status != 401 && status != 403 && status != 404) {
    response = send(connection, open, push_scope_, Retry::yes, stop);
  }
  if (response.status == 201 && small) return response;
  if (response.status != 202) {
    refuse(response);
  }

  Request put;
  put.method = "PUT";
  put.url = with_query(upload_location(open.url, response), "digest", digest);
  put.headers = {{"Content-Type", kOctets}};
  put.body = blob.bytes;
  return send(connection, put, push_scope_, Retry::no, stop);
}

Url RegistryRepository::upload_location(const Url& from, const Response& response) const {
  auto here = from;
  here.scheme = tls_ ? "https" : "http";  // found out in the meantime, perhaps
  auto location = resolve_url(here, response.header("location"));
  if (!location) {
    throw Error(Code::bad_input,
                fmt::format("{}: `{}` opened an upload, but does not say where", action_, host_));
  }
  // A registry behind a proxy that ends TLS often calls itself http.
  if (here.scheme == "https" && location->scheme == "http") {
    location->scheme = "https";
    if (!is_ours(*location)) {
      throw Error(Code::bad_input, fmt::format("{}: `{}` wants the upload at `{}`, without TLS",
                                               action_, host_, location->authority));
    }
  }
  return *location;
}

void RegistryRepository::push_manifest(const oci::Blob& manifest,
                                       const std::string& tag_or_digest) {
  Request request;
  request.method = "PUT";
  request.url = url("manifests/" + tag_or_digest);
  request.headers = {{"Content-Type", manifest.descriptor.media_type}};
  request.body = manifest.bytes;
  const auto response = send(connection_, request, push_scope_);
  if (response.status != 201) refuse(response);
  const auto stored = response.header("docker-content-digest");
  if (!stored.empty() && stored != manifest.descriptor.digest.text()) {
    throw Error(Code::verification,
                fmt::format("{}: {} was sent, but the registry stored {}", action_,
                            manifest.descriptor.digest.text(), printable(stored, 80)));
  }
}

}  // namespace wasmctl::registry
