#include "registry/authenticator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/base64.hpp"
#include "base/json_member.hpp"
#include "http/redirect.hpp"
#include "oci/manifest.hpp"
#include "registry/refusal.hpp"

namespace wasmctl::registry {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxTokenBytes = 64 * 1024;
// The specification's default and least; a token is renewed a little before it ends.
constexpr std::chrono::seconds kDefaultLifetime{60};
constexpr std::chrono::seconds kMaxLifetime{24 * 3600};
constexpr std::chrono::seconds kMargin{5};
constexpr char kClientId[] = "wasmctl";

std::string parameter(const Challenge& challenge, const char* key) {
  const auto found = challenge.parameters.find(key);
  return found == challenge.parameters.end() ? "" : found->second;
}

std::chrono::seconds lifetime(const json& answer) {
  const auto found = answer.find("expires_in");
  if (found == answer.end() || !found->is_number_unsigned()) return kDefaultLifetime;
  const auto seconds = std::min<std::uint64_t>(found->get<std::uint64_t>(),
                                               static_cast<std::uint64_t>(kMaxLifetime.count()));
  return std::max(std::chrono::seconds(seconds), kDefaultLifetime);
}

// A header value: one line of visible characters.
bool is_token(const std::string& text) {
  return !text.empty() && text.size() <= kMaxTokenBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string basic(const Credentials& credentials) {
  return "Basic " + base::base64_encode(credentials.username + ":" + credentials.password);
}

std::vector<Challenge> challenges_of(const http::Response& response) {
  std::vector<Challenge> all;
  const auto [first, last] = response.headers.equal_range("www-authenticate");
  for (auto header = first; header != last; ++header) {
    for (auto& challenge : parse_challenges(header->second)) all.push_back(std::move(challenge));
  }
  return all;
}

const Challenge* find_scheme(const std::vector<Challenge>& challenges, std::string_view scheme) {
  const auto found = std::find_if(challenges.begin(), challenges.end(), [&](const auto& challenge) {
    return challenge.scheme == scheme;
  });
  return found == challenges.end() ? nullptr : &*found;
}

}  // namespace

Authenticator::Authenticator(std::string registry, std::string repository, http::Network network,
                             const Options& options)
    : registry_(std::move(registry)),
      repository_(std::move(repository)),
      logs_in_(options.credentials.has_value()),
      network_(std::move(network)),
      env_(options.env),
      warn_(options.warn),
      looked_up_(options.credentials.has_value()),
      credentials_(options.credentials) {}

std::string Authenticator::authorization(const std::string& scope) {
  const std::lock_guard lock(mutex_);
  if (!basic_.empty()) return basic_;
  const auto now = Clock::now();
  const auto exact = tokens_.find(scope);
  if (exact != tokens_.end()) {
    return exact->second.expires > now ? exact->second.authorization : "";
  }
  const auto wider = std::ranges::find_if(tokens_, [&](const auto& token) {
    return token.second.expires > now && covers(token.second.scope, scope);
  });
  return wider == tokens_.end() ? "" : wider->second.authorization;
}

void Authenticator::forget_token(const std::string& scope) {
  const std::lock_guard lock(mutex_);
  tokens_.erase(scope);
}

std::string Authenticator::login() const {
  const std::lock_guard lock(mutex_);
  const bool sent = !basic_.empty() || !tokens_.empty();
  return sent && credentials_ ? credentials_->describe() : "";
}

std::string Authenticator::asked_scope(const std::string& scope) const {
  const std::lock_guard lock(mutex_);
  const auto token = tokens_.find(scope);
  return token == tokens_.end() ? "" : token->second.scope;
}

bool Authenticator::handle_challenge(const http::Response& response, const http::Url& url,
                                     const std::string& scope, const std::string& refused) {
  const std::lock_guard lock(mutex_);
  const auto token = tokens_.find(scope);
  // Another thread was asked the same and has the answer already.
  if (token != tokens_.end() && token->second.expires > Clock::now() &&
      token->second.authorization != refused) {
    return true;
  }
  if (!basic_.empty()) return basic_ != refused;

  const auto challenges = challenges_of(response);
  if (const auto* bearer = find_scheme(challenges, "bearer")) {
    return use_bearer(*bearer, url, scope);
  }
  // Some gateways drop the challenge of the registry that they stand before.
  const bool may_be_basic = challenges.empty() || find_scheme(challenges, "basic") != nullptr;
  return may_be_basic && use_basic();
}

const std::optional<Credentials>& Authenticator::credentials() {
  if (!std::exchange(looked_up_, true)) {
    credentials_ = find_credentials(registry_, repository_, env_, warn_);
  }
  return credentials_;
}

bool Authenticator::use_basic() {
  const auto& found = credentials();
  if (!found || found->username.empty()) return false;
  basic_ = basic(*found);
  return true;
}

bool Authenticator::use_bearer(const Challenge& challenge, const http::Url& url,
                               const std::string& scope) {
  const auto& found = credentials();
  if (found && !found->registry_token.empty()) {
    const bool refused = tokens_.contains(scope);
    tokens_[scope] = {"Bearer " + found->registry_token, Clock::now() + kMaxLifetime};
    return !refused;
  }
  const auto realm = http::parse_url(parameter(challenge, "realm"));
  if (!realm) {
    throw Error(Code::bad_input,
                fmt::format("`{}` wants a token, but its realm `{}` is no URL", url.authority,
                            printable(parameter(challenge, "realm"))));
  }
  check_realm(*realm, url);
  // A registry may name less than we will do with the token: of a mount, one of the repositories.
  const auto wanted = join_scopes(scope, parameter(challenge, "scope"));
  tokens_[scope] = fetch_token(*realm, parameter(challenge, "service"), wanted);
  return true;
}

void Authenticator::check_realm(const http::Url& realm, const http::Url& url) const {
  if (realm.scheme == "http" && url.scheme == "https") {
    throw Error(
        Code::bad_input,
        fmt::format("`{}` sends to `{}` for a token, without TLS: the login is not sent there",
                    url.authority, http::redacted(realm)));
  }
}

// Another host that is redirected to is shown no login, neither in the header nor in a body.
http::Response Authenticator::send_to_realm(const http::Request& request,
                                            const std::string& action) const {
  const auto connection = network_.connect();
  const auto follow = [&] {
    auto sent = request;
    for (int redirects = 0;; ++redirects) {
      auto response = connection->send(sent, {});
      if (!http::is_redirect(response.status)) return response;
      auto target = http::redirect_target(action, sent.url, response);
      if (redirects == http::kMaxRedirects) {
        throw http::redirect_error(action, sent.url, "again and again");
      }
      const bool here = http::same_origin(target, sent.url);
      if (!here) sent.authorization.clear();
      if (sent.body && !here) {
        throw http::redirect_error(action, sent.url,
                                   fmt::format("a login to another host, `{}`", target.authority));
      }
      sent.url = std::move(target);
    }
  };
  const auto may_pass = [](const http::TransportError& error) { return http::is_transient(error); };
  return http::send_with_retries(network_, follow, may_pass, {});
}

Authenticator::Token Authenticator::fetch_token(const http::Url& realm, const std::string& service,
                                                const std::string& scope) {
  if (const auto refused = refusals_.find(scope); refused != refusals_.end()) {
    throw Error(refused->second);
  }
  const auto& found = credentials();
  http::Request request;
  request.max_answer_bytes = 2 * kMaxTokenBytes;
  std::string form;
  if (found && !found->identity_token.empty()) {
    form = fmt::format("grant_type=refresh_token&service={}&client_id={}&scope={}&refresh_token={}",
                       http::percent_encode(service), kClientId, http::percent_encode(scope),
                       http::percent_encode(found->identity_token));
    request.method = "POST";
    request.url = realm;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = http::Body(form);
  } else {
    request.url = service.empty() ? realm : http::with_query(realm, "service", service);
    for (std::size_t start = 0; start < scope.size();) {  // several scopes, divided by spaces
      const auto end = std::min(scope.find(' ', start), scope.size());
      request.url = http::with_query(request.url, "scope", scope.substr(start, end - start));
      start = end + 1;
    }
    if (found) request.authorization = basic(*found);
  }

  const auto action = fmt::format("no token from `{}`", realm.authority);
  const auto response = send_to_realm(request, action);
  if (response.status != 200) {
    auto error = refusal(action, response, realm,
                         {.whom = "it",
                          .registry = registry_,
                          .repository = "",
                          .login = found ? found->describe() : "",
                          .scope = scope,
                          .logs_in = logs_in_});
    if (response.status == 401) refusals_.emplace(scope, error);
    throw error;
  }
  if (is_web_page(response)) throw web_page(action, response);
  const auto answer = oci::parse_json(response.body, fmt::format("{}: its answer", action));
  std::string token;
  if (answer.is_object()) {
    token = base::text_member(answer, "token");
    if (token.empty()) token = base::text_member(answer, "access_token");
  }
  if (!is_token(token)) {
    throw Error(Code::bad_input, fmt::format("{}: its answer holds none", action));
  }
  return {"Bearer " + token, Clock::now() + lifetime(answer) - kMargin, scope};
}

}  // namespace wasmctl::registry
