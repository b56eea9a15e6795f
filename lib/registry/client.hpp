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
#include "http/network.hpp"
#include "registry/authenticator.hpp"
#include "registry/options.hpp"

namespace wasmctl::registry {

struct Call {
  http::Request request;
  std::string action;  // begins the message of an error: "cannot push to ghcr.io/acme/a:v1"
  std::string scope;   // of the token, should the registry want one
  bool retry = true;   // after what passes: 429, 503, a connection that broke
};

class RegistryClient {
 public:
  // `name` as in a reference; `repository` narrows which credentials are used.
  RegistryClient(std::string name, std::string repository, const Options& options);

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

  // Waits before try `attempt` + 1; `answer` of the last one, if there was one.
  void wait_before_retry(int attempt, const http::Response* answer,
                         const std::stop_token& stop) const {
    http::wait_before_retry(network_, attempt, answer, stop);
  }

  // `target` begins with "/v2/".
  http::Url url(const std::string& target) const;
  const std::string& host() const { return host_; }

  // The Location of an opened upload.
  http::Url upload_location(const Call& call, const http::Response& response) const;

 private:
  // Connections that no request uses just now. The one used last is taken first.
  class Lease;
  std::unique_ptr<http::Transport> take_connection();
  void give_back(std::unique_ptr<http::Transport> connection);

  http::Response send_following(Call call, const std::stop_token& stop);
  http::Response send_authorized(Call call, const std::stop_token& stop);
  http::Response send_finding_scheme(http::Transport& connection, http::Request& request,
                                     const std::stop_token& stop);
  // Whether an answer to plain HTTP says that the server speaks TLS.
  bool may_want_tls(http::Transport& connection, const http::Request& request,
                    const http::Response& response, const std::stop_token& stop) const;
  void pass_warnings_on(const http::Response& response);
  bool is_ours(const http::Url& url) const;

  const std::string name_;
  const std::string repository_;
  const std::string host_;
  const http::Options http_;
  const http::Network network_;
  const std::function<void(const std::string&)> warn_;
  std::atomic<bool> tls_;
  std::atomic<bool> scheme_known_;
  const bool logs_in_;                  // with credentials that are just being given
  std::atomic<bool> answered_ = false;  // it was there once: a refused connection may pass
  Authenticator authenticator_;
  std::mutex mutex_;                // guards what follows
  std::set<std::string> warnings_;  // shown already
  std::vector<std::unique_ptr<http::Transport>> idle_;
};

}  // namespace wasmctl::registry
