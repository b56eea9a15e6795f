#include "http/http.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "http/curl.hpp"
#include "http/http_errors.hpp"

namespace wasmctl::http {

namespace {

constexpr std::uint64_t kSmallBody = 64 * 1024;
constexpr long kStallBytes = 64;
constexpr std::size_t kMaxHeaderBytes = 256 * 1024;
constexpr std::size_t kMaxPage = 64 * 1024;
constexpr std::size_t kLargeBody = 1024 * 1024;
constexpr long kLargeBuffer = 512 * 1024;

// What the callbacks of one request share. They are called from C and must not throw.
struct Exchange {
  const CurlApi& api;
  CURL* handle;
  const Request& request;
  const std::stop_token& stop;
  Response response = {};
  std::size_t header_bytes = 0;
  std::uint64_t sent = 0;               // of the body
  std::uint64_t received = 0;           // by the sink
  std::exception_ptr thrown = nullptr;  // by the sink, or by the content that is sent
  bool too_long = false;
};

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.header_bytes += size;
  if (exchange.header_bytes > kMaxHeaderBytes) {
    exchange.too_long = true;
    return 0;
  }
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) exchange.response.headers.clear();  // 100 Continue came before
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  exchange.response.headers.emplace(base::lower(line.substr(0, colon)),
                                    base::trimmed(line.substr(colon + 1)));
  return size;
}

std::size_t hand_over(Exchange& exchange, std::string_view bytes) {
  try {
    exchange.request.sink(exchange.response, bytes);
    return bytes.size();
  } catch (...) {
    exchange.thrown = std::current_exception();
    return 0;
  }
}

// An error or a redirect.
bool is_page(long status) {
  return status >= 300;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  long status = 0;
  exchange.api.easy_getinfo(exchange.handle, CURLINFO_RESPONSE_CODE, &status);
  auto& body = exchange.response.body;
  // Not what was asked for, so not measured by it: a page of any length, of which the beginning is
  // enough.
  if (is_page(status)) {
    body.append(data, std::min(size, kMaxPage - std::min(body.size(), kMaxPage)));
    exchange.too_long = body.size() >= kMaxPage;
    return exchange.too_long ? 0 : size;
  }
  if (size > exchange.request.max_answer_bytes - body.size() - exchange.received) {
    exchange.too_long = true;
    return 0;
  }
  if (exchange.request.sink) {
    exchange.response.status = static_cast<int>(status);
    exchange.received += size;
    return hand_over(exchange, {data, size});
  }
  body.append(data, size);
  return size;
}

std::size_t on_upload(char* data, std::size_t, std::size_t room, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const auto& body = *exchange.request.body;
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(room, body.size - exchange.sent));
  try {
    body.content.read_at(body.offset + exchange.sent, data, size);
  } catch (...) {
    exchange.thrown = std::current_exception();
    return CURL_READFUNC_ABORT;
  }
  exchange.sent += size;
  if (exchange.request.on_sent) exchange.request.on_sent(size);
  return size;
}

// When a connection that was used before ends without an answer, libcurl sends the request once
// more by itself. Whether the body arrived is the registry's to say, so it must not: not being able
// to rewind makes it an error.
int on_seek(void*, curl_off_t, int) {
  return CURL_SEEKFUNC_FAIL;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(user)->stop.stop_requested() ? 1 : 0;
}

}  // namespace

bool is_success(const Response& response) {
  return response.status >= 200 && response.status < 300;
}

std::string Response::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

struct Connection::State {
  explicit State(Options given) : options(std::move(given)), handle(api.easy_init()) {
    if (handle == nullptr) throw std::bad_alloc();
  }
  ~State() { api.easy_cleanup(handle); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  template <typename Value>
  void set(CURLoption option, Value value) {
    api.easy_setopt(handle, option, value);
  }

  void set_up(Exchange& exchange, const std::string& url, char* error_text) {
    api.easy_reset(handle);  // keeps the connections
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_text);
    set(CURLOPT_USERAGENT, "wasmctl");
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(kConnectTime.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, kStallBytes);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall.count()));
    const auto& body = exchange.request.body;
    if (!exchange.request.sink && (!body || body->size <= kSmallBody)) {
      set(CURLOPT_TIMEOUT, static_cast<long>(options.document.count()));
    }
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &exchange);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &exchange);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(CURLOPT_XFERINFODATA, &exchange);
    set_tls();
    set_proxy(exchange.request.url);
    set_method(exchange);
  }

  void set_tls() {
    const auto& tls = options.tls;
    if (!tls.ca_file.empty()) {
      set(CURLOPT_CAINFO, tls.ca_file.c_str());
      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    } else if (!tls.authorities.empty()) {
      // Takes the place of CAINFO; the system's are in CAPATH still.
      curl_blob blob{const_cast<char*>(tls.authorities.data()), tls.authorities.size(),
                     CURL_BLOB_NOCOPY};
      set(CURLOPT_CAINFO_BLOB, &blob);
    } else if (!tls.system_file.empty()) {
      set(CURLOPT_CAINFO, tls.system_file.c_str());
    }
    if (tls.ca_file.empty() && !tls.system_directories.empty()) {
      set(CURLOPT_CAPATH, tls.system_directories.c_str());
    }
    if (!tls.cert_file.empty()) {
      set(CURLOPT_SSLCERT, tls.cert_file.c_str());
      set(CURLOPT_SSLKEY, tls.key_file.c_str());
    }
    if (tls.skip_verify) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
  }

  // Always set, or libcurl would look into the environment, and in another way than peers do.
  void set_proxy(const Url& url) {
    set(CURLOPT_PROXY, proxy_for(url, options.proxy).c_str());
    set(CURLOPT_NOPROXY, "");
  }

  void set_method(Exchange& exchange) {
    const auto& request = exchange.request;
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
      return;
    }
    if (request.body && request.body->size == 0 && request.method == "POST") {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, "");
      set(CURLOPT_POSTFIELDSIZE, 0L);
      return;
    }
    if (request.body) {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_READFUNCTION, &on_upload);
      set(CURLOPT_READDATA, &exchange);
      set(CURLOPT_SEEKFUNCTION, &on_seek);
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body->size));
      if (request.body->size > kLargeBody) set(CURLOPT_UPLOAD_BUFFERSIZE, kLargeBuffer);
    }
    if (request.max_answer_bytes > kLargeBody) set(CURLOPT_BUFFERSIZE, kLargeBuffer);
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  const CurlApi& api = curl();
  Options options;
  CURL* handle;
};

Connection::Connection(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Connection::~Connection() = default;

Response Connection::send(const Request& request, const std::stop_token& stop) {
  auto& api = state_->api;
  Exchange exchange{.api = api, .handle = state_->handle, .request = request, .stop = stop};
  const auto url = to_string(request.url);
  std::array<char, CURL_ERROR_SIZE> error_text{};
  state_->set_up(exchange, url, error_text.data());

  std::unique_ptr<curl_slist, decltype(api.slist_free_all)> headers(nullptr, api.slist_free_all);
  const auto add_header = [&](const std::string& line) {
    auto* longer = api.slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    if (headers == nullptr) headers.reset(longer);  // else the list only grew at its end
  };
  add_header("Expect:");  // or a large body waits a second for a 100 that may never come
  for (const auto& [name, value] : request.headers) add_header(fmt::format("{}: {}", name, value));
  if (!request.authorization.empty()) add_header("Authorization: " + request.authorization);
  state_->set(CURLOPT_HTTPHEADER, headers.get());

  const auto code = api.easy_perform(state_->handle);
  long status = 0;
  api.easy_getinfo(state_->handle, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  exchange.response.url = request.url;
  if (base::log_enabled(base::LogLevel::debug)) {
    base::log_debug(
        fmt::format("{} {}: {}", request.method, redacted(request.url),
                    code == CURLE_OK ? std::to_string(status) : api.easy_strerror(code)));
  }
  if (code == CURLE_OK || (exchange.too_long && is_page(status))) {
    return std::move(exchange.response);
  }
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  if (exchange.too_long) throw too_long(request);
  long connect_status = 0;
  api.easy_getinfo(state_->handle, CURLINFO_HTTP_CONNECTCODE, &connect_status);
  if (is_page(connect_status)) throw proxy_refusal(request, state_->options, connect_status);
  long os_error = 0;
  api.easy_getinfo(state_->handle, CURLINFO_OS_ERRNO, &os_error);
  throw to_error({.code = code,
                  .detail = error_text.data(),
                  .os_error = static_cast<int>(os_error),
                  .unsent = request.body && exchange.sent < request.body->size},
                 request, state_->options);
}

}  // namespace wasmctl::http
