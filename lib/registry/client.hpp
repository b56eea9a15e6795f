// One registry, as a server: everything that may lie between a request and its answer. Finding out
// whether loopback speaks TLS, logins, redirects, warnings, and new tries after what passes.
// Source: OCI Distribution Specification v1.1. Safe from several threads.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "http/http.hpp"
#include "registry/authenticator.hpp"
#include "registry/options.hpp"

namespace wasmctl::registry {

struct Call {
  http::Request request;
  std::string action;  // begins the message of an error: "cannot push to ghcr.io/acme/a:v1"
  std::string scope;   // of the token, should the registry want one
  bool retry = true;   // after what passes: 429, 503, a connection that broke
};

// Answers and failures that another try may not meet. An answer that asks for a long pause is none:
// nobody waits so long.
bool is_transient(const http::Response& response);
bool is_transient(const http::TransportError& error);

// How often what passes is tried again.
inline constexpr int kMaxRetries = 3;

// Waits before try `attempt` + 1, longer from try to try, or as long as the answer asks.
void wait_before_retry(int attempt, const http::Response* answer, const std::stop_token& stop);

// The answer of `send`, which is called again while what it meets may pass, at most kMaxRetries
// times. `may_pass` judges failures.
http::Response send_with_retries(const std::function<http::Response()>& send,
                                 const std::function<bool(const http::TransportError&)>& may_pass,
                                 const std::stop_token& stop);

// How many redirects are followed.
inline constexpr int kMaxRedirects = 5;
bool is_redirect(int status);
// Where an answer of `from` redirects to. Throws Error{Code::bad_input}, which begins with
// `action`, where that is nowhere, or away from TLS.
http::Url redirect_target(const std::string& action, const http::Url& from,
                          const http::Response& response);
Error redirect_error(const std::string& action, const http::Url& from, std::string_view where);

class Registry {
 public:
  // `name` as in a reference; `repository` narrows which credentials are used.
  Registry(std::string name, std::string repository, const Options& options);

  // The last answer, whatever its status. Throws TransportError, and Error where a redirect or the
  // token server is at fault.
  http::Response send(Call call, const std::stop_token& stop = {});

  // Whether requests within `scope` carry a login by now, since the registry asked for one.
  bool sends_login(const std::string& scope) {
    return !authenticator_.authorization(scope).empty();
  }

  // The token for `scope` is not used any more.
  void forget_token(const std::string& scope) { authenticator_.forget_token(scope); }

  // The error for an answer that was not hoped for.
  Error refusal(const Call& call, const http::Response& response) const;

  // `target` begins with "/v2/".
  http::Url url(const std::string& target) const;
  const std::string& host() const { return host_; }

  // The Location of an opened upload.
  http::Url upload_location(const Call& call, const http::Response& response) const;

 private:
  // Connections that no request uses just now. The one used last is taken first.
  class Lease;
  std::unique_ptr<http::Connection> take_connection();
  void give_back(std::unique_ptr<http::Connection> connection);

  http::Response send_following(Call call, const std::stop_token& stop);
  http::Response send_authorized(Call call, const std::stop_token& stop);
  http::Response send_finding_scheme(http::Connection& connection, http::Request& request,
                                     const std::stop_token& stop);
  // Whether an answer to plain HTTP says that the server speaks TLS.
  bool may_want_tls(http::Connection& connection, const http::Request& request,
                    const http::Response& response, const std::stop_token& stop) const;
  void pass_warnings_on(const http::Response& response);
  bool is_ours(const http::Url& url) const;

  const std::string name_;
  const std::string repository_;
  const std::string host_;
  const http::Options http_;
  const std::function<void(const std::string&)> warn_;
  std::atomic<bool> tls_;
  std::atomic<bool> scheme_known_;
  const bool logs_in_;                  // with credentials that are just being given
  std::atomic<bool> answered_ = false;  // it was there once: a refused connection may pass
  Authenticator authenticator_;
  std::mutex mutex_;                // guards what follows
  std::set<std::string> warnings_;  // shown already
  std::vector<std::unique_ptr<http::Connection>> idle_;
};

}  // namespace wasmctl::registry
