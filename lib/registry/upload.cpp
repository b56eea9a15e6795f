#include "registry/upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "http/headers.hpp"
#include "registry/refusal.hpp"

namespace wasmctl::registry {

namespace {

// Up to here a blob rides on the POST that opens the upload. Sent in vain, it costs less than a
// round trip.
constexpr std::uint64_t kSingleRequestBytes = 64 * 1024;
// From here on the question whether the registry has a blob costs less than sending it in vain.
constexpr std::uint64_t kAskFirstBytes = 1024 * 1024;
// After a 413, which says nothing of the limit: halved until it fits.
constexpr std::uint64_t kFirstChunkBytes = 8 * 1024 * 1024;
constexpr std::uint64_t kLeastChunkBytes = 64 * 1024;
constexpr int kMaxUploadFailures = 50;  // of one blob, however far each try gets
constexpr char kOctets[] = "application/octet-stream";

// "0-1023": the first and last byte that the registry has. "0-0" says the same for one byte and for
// none.
std::optional<std::uint64_t> end_of_range(const http::Response& response) {
  const auto range = response.header("range");
  const auto last =
      http::parse_decimal(range.substr(std::min(range.find('-'), range.size() - 1) + 1));
  if (!last || *last == 0) return std::nullopt;
  return *last + 1;
}

}  // namespace

BlobUpload::BlobUpload(RegistryClient& registry, Call open, const oci::Blob& blob,
                       std::uint64_t chunk_bytes, UploadRecord& record,
                       std::function<bool()> is_there)
    : registry_(registry),
      open_(std::move(open)),
      blob_(blob),
      size_(blob.descriptor.size),
      chunk_bytes_(chunk_bytes),
      record_(record),
      is_there_(std::move(is_there)),
      location_(http::parse_url(record.location())) {}

void BlobUpload::run(oci::Presence presence) {
  const bool ask_first = presence == oci::Presence::unknown && size_ >= kAskFirstBytes;
  for (bool ask = ask_first, again = location_.has_value();; ask = again = true) {
    if (ask && is_there_()) break;
    if (again) find_offset();
    const auto before = offset_;
    std::optional<http::Response> response;
    try {
      response = attempt();
      if (response->status == 201) break;
      if (http::is_success(*response) && is_there_()) break;
      if (response->status == 413 && use_smaller_chunks()) continue;
      if (!may_pass(*response) || !one_more(before)) throw refusal(*response);
    } catch (const http::TransportError& error) {
      if (!http::is_transient(error) || !one_more(before)) throw;
    }
    base::log_info(fmt::format("{}: once more", blob_.descriptor.digest.text()));
    registry_.wait_before_retry(failures_ - 1, response ? &*response : nullptr, {});
  }
  record_.clear();
}

// The answer to the request that ended the upload: 201 if the registry has the blob now.
http::Response BlobUpload::attempt() {
  if (!location_) {
    if (auto answer = open()) return std::move(*answer);
  }
  if (offset_ == 0 && chunk_bytes_ == 0) return finish(http::Body(blob_.content));
  while (offset_ < size_) {
    if (auto refusal = patch()) return std::move(*refusal);
  }
  return finish(http::Body());
}

// The whole blob on the POST: registries that do not know that answer 202, refuse it, or break the
// connection with the blob half-read. Those are asked in the plain way, as if nothing had been.
std::optional<http::Response> BlobUpload::single_request() {
  auto post =
      call("POST", http::with_query(open_.request.url, "digest", blob_.descriptor.digest.text()),
           http::Body(blob_.content));
  try {
    auto response = registry_.send(post);
    const auto status = response.status;
    if (status < 400 || status == 401 || status == 403 || status == 404) return response;
    if (status == 429 && !http::is_transient(response)) return response;
    if (http::is_transient(response)) registry_.wait_before_retry(0, &response, {});
  } catch (const http::TransportError& error) {
    if (!http::is_transient(error)) throw;
  }
  return std::nullopt;
}

// An upload is open after this, or there is an answer that ends the attempt.
std::optional<http::Response> BlobUpload::open() {
  const bool whole = chunk_bytes_ == 0 || chunk_bytes_ >= size_;
  const bool small = whole && size_ <= kSingleRequestBytes;
  auto answer = small ? single_request() : std::nullopt;
  auto response = answer ? std::move(*answer) : registry_.send(open_);
  if (response.status == 201 && small) return response;
  // 202 it should be; some say 200, 201 or 204.
  const bool opened = http::is_success(response) &&
                      (response.status == 202 || !response.header("location").empty());
  if (!opened) throw registry_.refusal(open_, response);
  if (chunk_bytes_ > 0) {
    const auto least = http::parse_decimal(response.header("oci-chunk-min-length"));
    chunk_bytes_ = std::max(chunk_bytes_, least.value_or(0));
  }
  offset_ = 0;
  continued_ = false;
  remember(response);
  return std::nullopt;
}

// The answer that ends the attempt; null if the registry took the chunk.
std::optional<http::Response> BlobUpload::patch() {
  const auto left = size_ - offset_;
  const auto length = chunk_bytes_ == 0 ? left : std::min(chunk_bytes_, left);
  auto patch = call("PATCH", *location_, http::Body(blob_.content, offset_, length));
  patch.request.headers.emplace_back("Content-Range",
                                     fmt::format("{}-{}", offset_, offset_ + length - 1));
  auto response = registry_.send(patch);
  // 202 it should be. The blob is never whole before the PUT, whatever 201 would mean elsewhere.
  if (!http::is_success(response)) return response;
  const auto sent = offset_ + length;
  auto has = end_of_range(response).value_or(sent);
  if (has == sent + 1 || has + 1 == sent) has = sent;  // whether it counts from 0 or from 1
  if (has <= offset_ || has > sent) {
    throw Error(Code::bad_input,
                fmt::format("{}: after bytes {} to {} the registry says that it has {}",
                            open_.action, offset_, sent - 1, has));
  }
  offset_ = has;
  remember(response);
  return std::nullopt;
}

http::Response BlobUpload::finish(http::Body body) {
  return registry_.send(call("PUT",
                             http::with_query(*location_, "digest", blob_.descriptor.digest.text()),
                             std::move(body)));
}

Call BlobUpload::call(std::string method, http::Url url, http::Body body) const {
  auto result = open_;
  result.request.method = std::move(method);
  result.request.url = std::move(url);
  result.request.headers = {{"Content-Type", kOctets}};
  result.request.body = std::move(body);
  result.retry = false;
  return result;
}

// A chunk's answer may name another place for the next one, or none.
void BlobUpload::remember(const http::Response& response) {
  if (!location_ || !response.header("location").empty()) {
    location_ = registry_.upload_location(open_, response);
  }
  record_.set_location(to_string(*location_));
}

void BlobUpload::forget() {
  location_.reset();
  offset_ = 0;
  record_.clear();
}

// How much the registry has of an upload that was begun. One that it does not know, or says nothing
// of, is forgotten.
void BlobUpload::find_offset() {
  if (!location_) return;
  if (size_ <= kSingleRequestBytes) return forget();
  try {
    ask_for_offset();
  } catch (const Error& error) {
    // The host of a Location may be gone while the registry is not. If that is, opening an upload
    // says so.
    base::log_info(fmt::format("{}: {}", blob_.descriptor.digest.text(), error.message()));
    forget();
  }
}

void BlobUpload::ask_for_offset() {
  auto get = open_;
  get.request.method = "GET";
  get.request.url = *location_;
  get.request.body.reset();
  const auto response = registry_.send(get);
  const auto has = end_of_range(response);
  const bool known = response.status == 204 || response.status == 202 || response.status == 200;
  if (!known || !has || *has > size_) return forget();
  offset_ = *has;
  continued_ = true;
  remember(response);
  base::log_info(fmt::format("{}: goes on at byte {}", blob_.descriptor.digest.text(), offset_));
}

bool BlobUpload::one_more(std::uint64_t offset_before) {
  if (offset_ > offset_before) failures_ = 0;  // it does go on
  return failures_++ < http::kMaxRetries && all_failures_++ < kMaxUploadFailures;
}

bool BlobUpload::may_pass(const http::Response& response) {
  if (http::is_success(response)) return true;  // it may be there a moment later
  if (http::is_transient(response) || response.status == 416) return true;
  const auto code = error_code(response);
  const bool lost = code == "BLOB_UPLOAD_UNKNOWN" || code == "BLOB_UPLOAD_INVALID";
  // Bytes that somebody else sent may be others.
  if (lost || std::exchange(continued_, false)) {
    forget();
    return true;
  }
  return false;
}

Error BlobUpload::refusal(const http::Response& response) const {
  if (http::is_success(response)) {
    return {Code::bad_input,
            fmt::format("{}: the registry answered {}, but does not have {}", open_.action,
                        response.status, blob_.descriptor.digest.text())};
  }
  auto error = registry_.refusal(open_, response);
  const bool of_the_blob = error.code() == Code::bad_input || error.code() == Code::not_found;
  if (of_the_blob && location_ && chunk_bytes_ == 0) {
    error.hint("some registries take a blob in chunks alone: `--chunk-size 5MB`");
  }
  return error;
}

// Tries are counted: a registry that refuses the least that it asks for would never end.
bool BlobUpload::use_smaller_chunks() {
  const auto before = chunk_bytes_ == 0 ? size_ : std::min(chunk_bytes_, size_);
  const auto half = std::min(chunk_bytes_ == 0 ? kFirstChunkBytes : before / 2, before / 2);
  chunk_bytes_ = std::max(half, kLeastChunkBytes);
  forget();
  return chunk_bytes_ < before && all_failures_++ < kMaxUploadFailures;
}

}  // namespace wasmctl::registry
