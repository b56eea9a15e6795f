#include "registry/client.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "http/redirect.hpp"
#include "oci/reference.hpp"
#include "registry/certificates.hpp"
#include "registry/refusal.hpp"

namespace wasmctl::registry {

namespace {

using Kind = http::TransportError::Kind;

// On loopback it is found out whether TLS is spoken, unless somebody said so.
bool says_tls(const http::TlsOptions& tls) {
  return !tls.ca_file.empty() || !tls.authorities.empty() || !tls.cert_file.empty() ||
         tls.skip_verify;
}

bool has_port(std::string_view host) {
  const auto colon = host.rfind(':');
  return colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
}

http::Options http_options(const std::string& registry, const Options& options) {
  http::Options http;
  http.tls = options.tls;
  if (!options.plain_http) http.tls = with_certificates(options.tls, registry, options.env);
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

class RegistryClient::Lease {
 public:
  explicit Lease(RegistryClient& registry)
      : registry_(registry), connection_(registry.take_connection()) {}
  ~Lease() { registry_.give_back(std::move(connection_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  http::Transport& operator*() { return *connection_; }

 private:
  RegistryClient& registry_;
  std::unique_ptr<http::Transport> connection_;
};

std::unique_ptr<http::Transport> RegistryClient::take_connection() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return network_.connect();
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void RegistryClient::give_back(std::unique_ptr<http::Transport> connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

RegistryClient::RegistryClient(std::string name, std::string repository, const Options& options)
    : name_(name),
      repository_(repository),
      host_(oci::api_host(name)),
      http_(http_options(name, options)),
      network_(options.network(http_)),
      warn_(options.warn),
      tls_(!options.plain_http && (!http::is_loopback(name) || says_tls(http_.tls))),
      scheme_known_(options.plain_http || tls_),
      logs_in_(options.credentials.has_value()),
      authenticator_(std::move(name), std::move(repository), network_, options) {}

http::Url RegistryClient::url(const std::string& target) const {
  return {tls_ ? "https" : "http", host_, target};
}

bool RegistryClient::is_ours(const http::Url& url) const {
  return http::same_origin(url, this->url(""));
}

Error RegistryClient::refusal(const Call& call, const http::Response& response) const {
  const auto& method = call.request.method;
  return registry::refusal(call.action, response, url(""),
                           {.registry = name_,
                            .repository = repository_,
                            .login = authenticator_.login(),
                            .scope = authenticator_.asked_scope(call.scope),
                            .writes = method != "GET" && method != "HEAD",
                            .logs_in = logs_in_});
}

// A Warning header is for the user's eyes (specification, "Warnings"): 299 - "text".
void RegistryClient::pass_warnings_on(const http::Response& response) {
  constexpr std::size_t kMaxWarnings = 10;
  const auto [first, last] = response.headers.equal_range("warning");
  for (auto header = first; header != last; ++header) {
    const auto& value = header->second;
    const auto start = value.find('"');
    if (!value.starts_with("299 ") || start + 1 >= value.size() || !value.ends_with('"')) continue;
    const auto text = printable(value.substr(start + 1, value.size() - start - 2));
    const std::lock_guard lock(mutex_);
    if (warnings_.size() < kMaxWarnings && warnings_.insert(text).second) {
      warn_(fmt::format("`{}` says: {}", host_, text));
    }
  }
}

// The text that says so is missing from an answer to HEAD.
bool RegistryClient::may_want_tls(http::Transport& connection, const http::Request& request,
                                  const http::Response& response,
                                  const std::stop_token& stop) const {
  if (request.method != "HEAD" || response.status != 400) return wants_tls(response);
  http::Request get;
  get.url = request.url;
  get.url.target = "/v2/";
  return wants_tls(connection.send(get, stop));
}

http::Response RegistryClient::send_finding_scheme(http::Transport& connection,
                                                   http::Request& request,
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
    const bool other_port = error.kind() == Kind::unconnected && !has_port(host_);
    if (!http::is_transient(error) && error.kind() != Kind::malformed && !other_port) throw;
    first_error = error;
  }
  request.url.scheme = "https";
  try {
    auto response = connection.send(request, stop);
    tls_ = true;
    scheme_known_ = true;
    return response;
  } catch (const http::TransportError& error) {
    // Who shows a certificate, or wants one, does speak TLS.
    if (first_error && error.kind() != Kind::certificate) throw http::TransportError(*first_error);
    throw;
  }
}

namespace {

// Some registries answer 403 to a token that does not do, or to nobody, and still say what would.
bool asks_for_login(const http::Response& response) {
  return response.status == 401 ||
         (response.status == 403 && response.headers.contains("www-authenticate"));
}

}  // namespace

http::Response RegistryClient::send_authorized(Call call, const std::stop_token& stop) {
  auto& request = call.request;
  // Never to another host: not a redirect's, nor an upload's.
  const bool ours = is_ours(request.url);
  if (ours) request.authorization = authenticator_.authorization(call.scope);
  Lease connection(*this);
  auto response = send_finding_scheme(*connection, request, stop);
  answered_ = true;
  pass_warnings_on(response);
  if (!ours || !asks_for_login(response) ||
      !authenticator_.handle_challenge(response, request.url, call.scope, request.authorization)) {
    return response;
  }
  request.authorization = authenticator_.authorization(call.scope);
  return (*connection).send(request, stop);
}

namespace {

// 307 and 308 keep the method and the body; what the others make of anything but a question is
// nothing to rely on.
bool follows(const std::string& method, int status) {
  if (method == "GET" || method == "HEAD") return http::is_redirect(status);
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

http::Response RegistryClient::send_following(Call call, const std::stop_token& stop) {
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
    auto target = http::redirect_target(call.action, call.request.url, response);
    if (redirects == http::kMaxRedirects) {
      throw http::redirect_error(call.action, call.request.url, "again and again");
    }
    call.request.url = std::move(target);
  }
}

http::Response RegistryClient::send(Call call, const std::stop_token& stop) {
  if (!call.retry) return send_following(std::move(call), stop);
  const auto may_pass = [&](const http::TransportError& error) {
    return http::is_transient(error) || (error.kind() == Kind::unconnected && answered_);
  };
  return http::send_with_retries(
      network_, [&] { return send_following(call, stop); }, may_pass, stop);
}

http::Url RegistryClient::upload_location(const Call& call, const http::Response& response) const {
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
