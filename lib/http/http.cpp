#include "http/http.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/log.hpp"
#include "base/text.hpp"
#include "http/curl.hpp"

namespace wasmctl::http {

namespace {

constexpr std::uint64_t kSmallBody = 64 * 1024;
constexpr long kConnectSeconds = 15;
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

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

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
                                    trimmed(line.substr(colon + 1)));
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

using Kind = TransportError::Kind;

TransportError fail(Kind kind, const std::string& message, const std::string& cause = "",
                    const std::string& hint = "") {
  Error error(kind == Kind::malformed ? Code::bad_input : Code::network, message);
  if (!cause.empty()) error.because(cause);
  if (!hint.empty()) error.hint(hint);
  return {kind, std::move(error)};
}

TransportError tls_failure(const std::string& server, const std::string& detail) {
  // What OpenSSL says when the first bytes of the answer are text.
  const bool plain = detail.find("wrong version number") != std::string::npos ||
                     detail.find("packet length too long") != std::string::npos;
  return fail(Kind::tls, fmt::format("no TLS connection to `{}`", server),
              plain ? "the server speaks plain HTTP" : detail,
              plain ? "if that is intended, say so with --plain-http" : "");
}

// What is wrong about a certificate, by libcurl's or OpenSSL's words for it.
struct CertificateFault {
  std::string_view sign;
  const char* what;
  const char* hint;
};

constexpr CertificateFault kCertificateFaults[] = {
    {"certificate has expired", "has expired",
     "the registry's owner must renew it, or this machine's clock is wrong"},
    {"certificate is not yet valid", "is not valid yet",
     "this machine's clock is wrong, or the registry's owner must replace it"},
    {"subject name", "is for another name",
     "check the registry's name; where it is right, the registry's owner must have it certified"},
    {"", "is not trusted", "name the authority that signed it with --ca-file"},  // any other
};

TransportError certificate_failure(const std::string& server, std::string detail) {
  for (const std::string_view prefix : {"SSL certificate problem: ", "SSL: "}) {
    if (detail.starts_with(prefix)) detail.erase(0, prefix.size());
  }
  const auto* fault = std::ranges::find_if(kCertificateFaults, [&](const CertificateFault& each) {
    return detail.find(each.sign) != std::string::npos;
  });
  return fail(Kind::tls, fmt::format("the certificate of `{}` {}", server, fault->what), detail,
              fault->hint);
}

// Under TLS 1.3 that alert comes after the handshake.
bool wants_certificate(std::string_view detail) {
  return detail.find("certificate required") != std::string_view::npos ||
         detail.find("alert bad certificate") != std::string_view::npos;
}

TransportError no_certificate(const std::string& server, const std::string& detail) {
  return fail(Kind::tls,
              fmt::format("`{}` takes no client without a certificate that it trusts", server),
              detail, "name yours with --cert-file and --key-file");
}

const std::string& proxy_of(const Url& url, const ProxyOptions& proxy) {
  return url.scheme == "https" ? proxy.https : proxy.http;
}

// "the proxy `proxy.example:3128`", without its password.
std::string name_of_proxy(const std::string& address) {
  const bool has_scheme = address.find("://") != std::string::npos;
  const auto url = parse_url(base::without_login(has_scheme ? address : "http://" + address));
  return url ? fmt::format("the proxy `{}`", url->authority) : "the proxy";
}

// The proxy was to connect us (CONNECT), and answered with `status`.
TransportError proxy_refusal(const Request& request, const Options& options, long status) {
  const auto& server = request.url.authority;
  const bool forbidden = status == 403 || status == 407;
  Error error(forbidden ? Code::denied : Code::network,
              fmt::format("{} does not connect to `{}`: it answered {}",
                          name_of_proxy(proxy_of(request.url, options.proxy)), server, status));
  const bool is_gateway_error = status == 502 || status == 503 || status == 504;
  if (status == 407) {
    error.hint(kProxyLoginHint);
  } else if (is_gateway_error) {
    error.hint(fmt::format("it does not reach `{}`: check the name, or try again later", server));
  } else {
    error.hint(
        fmt::format("it does not let this machine reach `{}`: ask its owner, or name the host in "
                    "NO_PROXY where there is a way without it",
                    server));
  }
  return {Kind::refused, std::move(error)};
}

// How long nothing, or next to nothing, came or went: `unsent` if there was more to send.
TransportError stall(const std::string& server, const Options& options, const std::string& detail,
                     bool unsent) {
  constexpr char kAgain[] = "the network or the registry is stuck: try again";
  if (detail.starts_with("Operation timed out")) {
    return fail(Kind::stalled, fmt::format("`{}` takes too long", server),
                fmt::format("its answer was not whole after {} seconds", options.document.count()),
                kAgain);
  }
  // The other time that is measured is that of connecting, in several wordings.
  const auto seconds =
      detail.starts_with("Operation too slow") ? options.stall.count() : kConnectSeconds;
  return fail(
      Kind::stalled,
      fmt::format("`{}` {}", server, unsent ? "takes no more of what is sent" : "does not answer"),
      fmt::format("nothing {} for {} seconds", unsent ? "went there" : "came", seconds), kAgain);
}

// Where none of them could be used.
TransportError unusable_authorities(const TlsOptions& tls, const std::string& detail) {
  if (!tls.ca_file.empty()) {
    return fail(Kind::tls, "cannot read the certificates of --ca-file", detail);
  }
  if (!tls.authorities.empty()) {
    return fail(Kind::tls, "cannot read the certificates of certs.d", detail);
  }
  return fail(Kind::tls, fmt::format("cannot read the certificates of `{}`", tls.system_file),
              detail, "SSL_CERT_FILE names it: let it name a PEM file of authorities, or unset it");
}

TransportError to_error(CURLcode code, const Request& request, const Options& options,
                        std::string detail, int os_error, bool unsent) {
  const auto& server = request.url.authority;
  const bool is_tls = request.url.scheme == "https";
  const auto* const variable = is_tls ? "HTTPS_PROXY" : "HTTP_PROXY";
  // libcurl's text has the whole address in it, with the password.
  if (detail.starts_with("Unsupported proxy")) {
    return fail(Kind::malformed, fmt::format("the address in {} cannot be read", variable), "",
                "it is http://[USER:PASSWORD@]HOST:PORT; what is no letter or digit in a password "
                "is written as %23 for #, and so on");
  }
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return fail(Kind::unresolved, fmt::format("there is no host `{}`", server), detail,
                  "check the name, and that the network is up");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return fail(Kind::unresolved, "there is no host of the proxy's name", detail,
                  "check HTTPS_PROXY and HTTP_PROXY");
    case CURLE_COULDNT_CONNECT: {
      const bool proxied = !proxy_of(request.url, options.proxy).empty();
      return fail(Kind::unconnected, fmt::format("cannot connect to `{}`", server),
                  os_error == 0 ? detail : std::strerror(os_error),
                  proxied && !is_loopback(server)
                      ? fmt::format("check that the proxy of {} is up, and the registry", variable)
                      : "check that the registry is up, and its port");
    }
    case CURLE_OPERATION_TIMEDOUT:
      return stall(server, options, detail, unsent);
    case CURLE_SSL_CONNECT_ERROR:
      if (wants_certificate(detail)) return no_certificate(server, detail);
      return tls_failure(server, detail);
    case CURLE_PEER_FAILED_VERIFICATION:
      return certificate_failure(server, std::move(detail));
    case CURLE_SSL_CERTPROBLEM:
      return fail(Kind::tls,
                  fmt::format("cannot use the client certificate `{}` with the key `{}`",
                              options.tls.certificate.native(), options.tls.key.native()),
                  detail);
    case CURLE_SSL_CACERT_BADFILE:
      return unusable_authorities(options.tls, detail);
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_FAIL_REWIND:
      return fail(Kind::silent,
                  fmt::format("`{}` closed the connection without an answer", server));
    case CURLE_ABORTED_BY_CALLBACK:
      return fail(Kind::stopped, "stopped");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return fail(Kind::malformed, fmt::format("the answer of `{}` is no HTTP", server));
    default:
      if (wants_certificate(detail)) return no_certificate(server, detail);
      return fail(Kind::broken, fmt::format("the connection to `{}` broke", server), detail);
  }
}

}  // namespace

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
    set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
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
    if (!tls.certificate.empty()) {
      set(CURLOPT_SSLCERT, tls.certificate.c_str());
      set(CURLOPT_SSLKEY, tls.key.c_str());
    }
    if (tls.skip_verify) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
  }

  // Always set, or libcurl would look into the environment, and in another way than peers do.
  void set_proxy(const Url& url) {
    const auto& proxy = proxy_of(url, options.proxy);
    set(CURLOPT_PROXY, is_loopback(url.authority) ? "" : proxy.c_str());
    set(CURLOPT_NOPROXY, options.proxy.exceptions.c_str());
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
  if (exchange.too_long) {
    throw fail(Kind::malformed, fmt::format("the answer of `{}` is longer than {} bytes",
                                            request.url.authority, request.max_answer_bytes));
  }
  long connect_status = 0;
  api.easy_getinfo(state_->handle, CURLINFO_HTTP_CONNECTCODE, &connect_status);
  if (is_page(connect_status)) throw proxy_refusal(request, state_->options, connect_status);
  long os_error = 0;
  api.easy_getinfo(state_->handle, CURLINFO_OS_ERRNO, &os_error);
  const bool unsent = request.body && exchange.sent < request.body->size;
  throw to_error(code, request, state_->options, error_text.data(), static_cast<int>(os_error),
                 unsent);
}

}  // namespace wasmctl::http
