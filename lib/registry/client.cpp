#include "registry/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "base/log.hpp"
#include "base/printable.hpp"
#include "registry/certificates.hpp"
#include "registry/refusal.hpp"

namespace wasmctl::registry {

namespace {

using Kind = http::TransportError::Kind;

constexpr std::chrono::milliseconds kFirstDelay{200};
constexpr std::chrono::seconds kMaxPause{30};

std::string api_host(const std::string& registry) {
  return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

// On loopback it is found out whether TLS is spoken, unless somebody said so.
bool says_tls(const http::TlsOptions& tls) {
  return !tls.ca_file.empty() || !tls.authorities.empty() || !tls.certificate.empty() ||
         tls.skip_verify;
}

http::Options http_options(const std::string& registry, const Options& options) {
  http::Options http;
  if (!options.plain_http) http.tls = find_certificates(registry, options.env);
  http.tls.ca_file = options.ca_file;
  http.tls.skip_verify = options.skip_tls_verify;
  if (!options.cert_file.empty()) {
    http.tls.certificate = options.cert_file;
    http.tls.key = options.key_file;
  }
  // As Go's programs read them, which all peers are.
  const auto either = [&](const char* upper, const char* lower) {
    const auto value = options.env(upper).value_or("");
    return value.empty() ? options.env(lower).value_or("") : value;
  };
  http.proxy = {either("HTTP_PROXY", "http_proxy"), either("HTTPS_PROXY", "https_proxy"),
                either("NO_PROXY", "no_proxy")};
  return http;
}

}  // namespace

bool is_transient(const http::Response& response) {
  const auto status = response.status;
  const bool passes = status == 408 || status == 429 || status == 500 || status == 502 ||
                      status == 503 || status == 504;
  return passes && asked_pause(response) <= kMaxPause;
}

bool is_transient(const http::TransportError& error) {
  return error.kind() == Kind::silent || error.kind() == Kind::broken;
}

void wait_before_retry(int attempt, const http::Response* answer, const std::stop_token& stop) {
  // Half of the delay is chance, so that many clients do not come back at once.
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto half = (kFirstDelay * (1 << attempt)).count() / 2;
  std::chrono::milliseconds delay(half + std::uniform_int_distribution<long>(0, half)(random));
  if (answer != nullptr) {
    delay = std::max<std::chrono::milliseconds>(delay, std::min(asked_pause(*answer), kMaxPause));
  }
  const auto end = std::chrono::steady_clock::now() + delay;
  while (std::chrono::steady_clock::now() < end && !stop.stop_requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

http::Response send_with_retries(const std::function<http::Response()>& send,
                                 const std::function<bool(const http::TransportError&)>& may_pass,
                                 const std::stop_token& stop) {
  for (int attempt = 0;; ++attempt) {
    std::optional<http::Response> answer;
    try {
      answer = send();
      if (attempt == kMaxRetries || !is_transient(*answer)) return std::move(*answer);
    } catch (const http::TransportError& error) {
      if (attempt == kMaxRetries || !may_pass(error)) throw;
    }
    base::log_info("once more");
    wait_before_retry(attempt, answer ? &*answer : nullptr, stop);
  }
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Error redirect_error(const std::string& action, const http::Url& from, std::string_view where) {
  return {Code::bad_input, fmt::format("{}: `{}` redirects {}", action, from.authority, where)};
}

http::Url redirect_target(const std::string& action, const http::Url& from,
                          const http::Response& response) {
  auto target = http::resolve_url(from, response.header("location"));
  if (!target) throw redirect_error(action, from, "to nowhere");
  if (from.scheme == "https" && target->scheme == "http") {
    throw redirect_error(action, from, "from TLS to plain HTTP");
  }
  return *std::move(target);
}

class Registry::Lease {
 public:
  explicit Lease(Registry& registry)
      : registry_(registry), connection_(registry.take_connection()) {}
  ~Lease() { registry_.give_back(std::move(connection_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  http::Connection& operator*() { return *connection_; }

 private:
  Registry& registry_;
  std::unique_ptr<http::Connection> connection_;
};

std::unique_ptr<http::Connection> Registry::take_connection() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<http::Connection>(http_);
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void Registry::give_back(std::unique_ptr<http::Connection> connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

Registry::Registry(std::string name, std::string repository, const Options& options)
    : name_(name),
      repository_(repository),
      host_(api_host(name)),
      http_(http_options(name, options)),
      warn_(options.warn),
      tls_(!options.plain_http && (!http::is_loopback(name) || says_tls(http_.tls))),
      scheme_known_(options.plain_http || tls_),
      logs_in_(options.credentials.has_value()),
      authenticator_(std::move(name), std::move(repository), http_, options.env, options.warn,
                     options.credentials) {}

http::Url Registry::url(const std::string& target) const {
  return {tls_ ? "https" : "http", host_, target};
}

bool Registry::is_ours(const http::Url& url) const {
  return http::same_origin(url, this->url(""));
}

void Registry::refuse(const Call& call, const http::Response& response) const {
  const auto& method = call.request.method;
  throw refusal(call.action, response, url(""),
                {.registry = name_,
                 .repository = repository_,
                 .login = authenticator_.login(),
                 .scope = authenticator_.asked_scope(call.scope),
                 .writes = method != "GET" && method != "HEAD",
                 .logs_in = logs_in_});
}

// A Warning header is for the user's eyes (specification, "Warnings"): 299 - "text".
void Registry::pass_warnings_on(const http::Response& response) {
  constexpr std::size_t kMaxWarnings = 10;
  const auto [first, last] = response.headers.equal_range("warning");
  for (auto header = first; header != last; ++header) {
    const auto& value = header->second;
    const auto start = value.find('"');
    if (!value.starts_with("299 ") || start + 1 >= value.size() || !value.ends_with('"')) continue;
    const auto text = base::printable(value.substr(start + 1, value.size() - start - 2), kMaxShown);
    const std::lock_guard lock(mutex_);
    if (warnings_.size() < kMaxWarnings && warnings_.insert(text).second) {
      warn_(fmt::format("`{}` says: {}", host_, text));
    }
  }
}

// The text that says so is missing from an answer to HEAD.
bool Registry::may_want_tls(http::Connection& connection, const http::Request& request,
                            const http::Response& response, const std::stop_token& stop) const {
  if (request.method != "HEAD" || response.status != 400) return wants_tls(response);
  http::Request get;
  get.url = request.url;
  get.url.target = "/v2/";
  return wants_tls(connection.send(get, stop));
}

http::Response Registry::send_finding_scheme(http::Connection& connection, http::Request& request,
                                             const std::stop_token& stop) {
  if (scheme_known_ || !is_ours(request.url)) return connection.send(request, stop);
  std::optional<http::TransportError> first_error;
  try {
    auto response = connection.send(request, stop);
    if (!may_want_tls(connection, request, response, stop)) {
      scheme_known_ = true;
      return response;
    }
  } catch (const http::TransportError& error) {
    if (!is_transient(error) && error.kind() != Kind::malformed) throw;
    first_error = error;
  }
  request.url.scheme = "https";
  try {
    auto response = connection.send(request, stop);
    tls_ = true;
    scheme_known_ = true;
    return response;
  } catch (const http::TransportError&) {
    if (first_error) throw http::TransportError(*first_error);
    throw;
  }
}

http::Response Registry::send_authorized(Call call, const std::stop_token& stop) {
  auto& request = call.request;
  // Never to another host: not a redirect's, nor an upload's.
  const bool ours = is_ours(request.url);
  if (ours) request.authorization = authenticator_.authorization(call.scope);
  Lease connection(*this);
  auto response = send_finding_scheme(*connection, request, stop);
  answered_ = true;
  pass_warnings_on(response);
  if (!ours || response.status != 401 ||
      !authenticator_.answer(response, request.url, call.scope, request.authorization)) {
    return response;
  }
  request.authorization = authenticator_.authorization(call.scope);
  return (*connection).send(request, stop);
}

namespace {

// 307 and 308 keep the method and the body; what the others make of anything but a question is
// nothing to rely on.
bool follows(const std::string& method, int status) {
  if (method == "GET" || method == "HEAD") return is_redirect(status);
  return status == 307 || status == 308;
}

// What `error` hints at is about the registry.
http::TransportError redirected_failure(const http::TransportError& error,
                                        const std::string& registry) {
  Error result(error.code(), error.message());
  for (const auto& cause : error.causes()) result.because(cause);
  result.because(fmt::format("`{}` redirects there", registry));
  result.hint("see that a proxy or firewall lets this machine reach it");
  return {error.kind(), std::move(result)};
}

}  // namespace

http::Response Registry::send_following(Call call, const std::stop_token& stop) {
  const auto registry = call.request.url.authority;
  for (int redirects = 0;; ++redirects) {
    http::Response response;
    try {
      response = send_authorized(call, stop);
    } catch (const http::TransportError& error) {
      if (call.request.url.authority == registry) throw;
      throw redirected_failure(error, registry);
    }
    if (!follows(call.request.method, response.status)) return response;
    auto target = redirect_target(call.action, call.request.url, response);
    if (redirects == kMaxRedirects) {
      throw redirect_error(call.action, call.request.url, "again and again");
    }
    call.request.url = std::move(target);
  }
}

http::Response Registry::send(Call call, const std::stop_token& stop) {
  if (!call.retry) return send_following(std::move(call), stop);
  const auto may_pass = [&](const http::TransportError& error) {
    return is_transient(error) || (error.kind() == Kind::unconnected && answered_);
  };
  return send_with_retries([&] { return send_following(call, stop); }, may_pass, stop);
}

http::Url Registry::upload_location(const Call& call, const http::Response& response) const {
  const auto& from = response.url;
  auto location = http::resolve_url(from, response.header("location"));
  if (!location) {
    throw Error(Code::bad_input, fmt::format("{}: `{}` opened an upload, but does not say where",
                                             call.action, host_));
  }
  // A registry behind a proxy that ends TLS often calls itself http.
  if (from.scheme == "https" && location->scheme == "http") {
    location->scheme = "https";
    if (!is_ours(*location)) {
      throw Error(Code::bad_input, fmt::format("{}: `{}` wants the upload at `{}`, without TLS",
                                               call.action, host_, location->authority));
    }
  }
  return *location;
}

}  // namespace wasmctl::registry
