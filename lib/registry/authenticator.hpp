// The three steps of registry authentication: a challenge, credentials or a token for it, and the
// Authorization header of the next try.
// Sources: distribution's token authentication specification (GET and OAuth2 POST), RFC 7617.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "http/http.hpp"
#include "http/network.hpp"
#include "registry/challenge.hpp"
#include "registry/credentials.hpp"
#include "registry/options.hpp"

namespace wasmctl::registry {

// For one registry; shared by the threads of a push. Credentials are looked up when the registry
// first asks, so that anonymous access reads no file.
class Authenticator {
 public:
  // `registry` is the name under which credentials are kept; those of `options` are used in their
  // place.
  Authenticator(std::string registry, std::string repository, http::Network network,
                const Options& options);

  // The Authorization header for a request within `scope` ("repository:acme/a:pull,push"); empty
  // before the registry has asked for one.
  std::string authorization(const std::string& scope);

  // Learns from a 401 to a request within `scope` that was sent with `refused`. True if one more
  // try has a chance (a token may have expired); false if there is nothing else to send. Throws
  // Error{Code::network} or {bad_input} where the token server fails, {denied} where it refuses.
  bool handle_challenge(const http::Response& response, const http::Url& url,
                        const std::string& scope, const std::string& refused);

  void forget_token(const std::string& scope);

  // Which credentials were sent, for messages: "user `me` (from FILE)", or "" for none.
  std::string login() const;
  // What the token for requests within `scope` was asked for; "" if there is none.
  std::string asked_scope(const std::string& scope) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Token {
    std::string authorization;
    Clock::time_point expires;
    std::string scope = {};  // that was asked for
  };

  const std::optional<Credentials>& credentials();
  bool use_basic();
  bool use_bearer(const Challenge& challenge, const http::Url& url, const std::string& scope);
  Token fetch_token(const http::Url& realm, const std::string& service, const std::string& scope);
  http::Response send_to_realm(const http::Request& request, const std::string& action) const;
  void check_realm(const http::Url& realm, const http::Url& url) const;

  const std::string registry_;
  const std::string repository_;
  const bool logs_in_;
  const http::Network network_;
  const Environment env_;
  const Warn warn_;

  mutable std::mutex mutex_;  // guards what follows; held while a token is fetched, so that one is
  bool looked_up_ = false;
  std::optional<Credentials> credentials_;
  std::string basic_;                    // the header, once the registry has asked for it
  std::map<std::string, Token> tokens_;  // by scope
  // By scope, that the token server takes the login for none: it is not shown to it again and
  // again.
  std::map<std::string, Error> refusals_;
};

}  // namespace wasmctl::registry
