#include "registry/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_member.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "http/headers.hpp"
#include "http/redirect.hpp"
#include "oci/manifest.hpp"
#include "registry/challenge.hpp"

namespace wasmctl::registry {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxErrors = 3;  // shown; more say the same

std::string shown(std::string_view text) {
  return base::printable(text, kMaxShown);
}

std::string printable_member(const json& object, const char* key) {
  return shown(base::text_member(object, key));
}

Code code_for(int status) {
  switch (status) {
    case 401:
    case 403:
    case 407:
      return Code::denied;
    case 404:
      return Code::not_found;
    case 408:
    case 429:
      return Code::network;
    default:
      return status >= 500 ? Code::network : Code::bad_input;
  }
}

// The first line of an answer in plain text.
std::string plain_text(const http::Response& response) {
  const auto type = http::content_type(response);
  if (!type.empty() && type != "text/plain") return "";
  const auto body = base::trimmed(response.body);
  const auto line = body.substr(0, body.find_first_of("\r\n"));
  const bool is_markup = line.starts_with('<') || line.starts_with('{') || line.starts_with('[');
  return is_markup ? "" : shown(line);
}

// What is behind the address is not a registry, or a gateway stands before it.
void add_page_hint(Error& error, const http::Url& url) {
  error.hint(
      fmt::format("check that `{}` is the registry's address, and that no proxy answers for it",
                  url.authority));
}

std::string in_words(std::chrono::seconds pause) {
  constexpr std::chrono::hours kDay{24};
  if (pause > 2 * kDay) return "some days";
  if (pause > std::chrono::hours(2)) {
    return fmt::format("{} hours", std::chrono::ceil<std::chrono::hours>(pause).count());
  }
  if (pause > std::chrono::minutes(2)) {
    return fmt::format("{} minutes", std::chrono::ceil<std::chrono::minutes>(pause).count());
  }
  return fmt::format("{} seconds", pause.count());
}

void add_pause(Error& error, const http::Response& response) {
  const auto pause = http::asked_pause(response);
  const bool rate = response.status == 429;
  if (pause.count() > 0) {
    error.hint(fmt::format("the registry {}: try again in {}",
                           rate ? "limits the rate" : "asks for a pause", in_words(pause)));
  } else if (rate) {
    error.hint("the registry limits the rate: try again later");
  }
}

// "it was asked as user `me`, for the scope `repository:acme/a:pull`"
void add_login(Error& error, const RequestContext& context) {
  auto text =
      context.login.empty() ? "it was asked without a login" : "it was asked as " + context.login;
  if (!context.scope.empty()) text += fmt::format(", for the scope `{}`", context.scope);
  error.because(text);
}

// Those of the challenges, where none is one that can be answered.
std::string unknown_schemes(const http::Response& response) {
  std::vector<std::string> schemes;
  const auto [first, last] = response.headers.equal_range("www-authenticate");
  for (auto header = first; header != last; ++header) {
    for (const auto& challenge : parse_challenges(header->second)) {
      if (challenge.scheme == "basic" || challenge.scheme == "bearer") return "";
      schemes.push_back(fmt::format("`{}`", base::printable(challenge.scheme, 40)));
    }
  }
  return fmt::format("{}", fmt::join(schemes, ", "));
}

void add_hint_for_status(Error& error, const http::Response& response,
                         const RequestContext& context) {
  switch (response.status) {
    case 401:
      if (const auto schemes = unknown_schemes(response); !schemes.empty()) {
        error.because(fmt::format("it wants a login by {}, which wasmctl does not speak", schemes));
        error.hint("ask its owner for a login by password or token");
        break;
      }
      if (!context.login.empty() || !context.scope.empty()) add_login(error, context);
      error.hint(context.logs_in ? "check the user and the password; some registries want a token "
                                   "in its place"
                                 : fmt::format("log in: `wasmctl login {}`", context.registry));
      break;
    case 403:
      add_login(error, context);
      error.hint(
          fmt::format("log in with the right to do so: `wasmctl login {}`", context.registry));
      break;
    case 407:
      error.hint(http::kProxyLoginHint);
      break;
    case 413:
      error.hint("the registry, or a proxy before it, limits the size of a request");
      break;
    default:
      add_pause(error, response);
      break;
  }
}

void add_hint_for_code(Error& error, const std::string& code, const RequestContext& context) {
  if (code == "MANIFEST_UNKNOWN" && !context.repository.empty()) {
    error.hint(fmt::format("`wasmctl list {}/{}` shows which tags there are", context.registry,
                           context.repository));
  } else if (code == "NAME_UNKNOWN" && context.writes) {
    error.hint("check the repository's name; some registries want it to be made before a push");
  } else if (code == "NAME_UNKNOWN") {
    error.hint(
        fmt::format("check the repository's name: `wasmctl list {}` shows which there are, "
                    "where the registry offers that",
                    context.registry));
  }
}

std::vector<RegistryError> token_errors(const json& answer) {
  RegistryError error{printable_member(answer, "error"),
                      printable_member(answer, "error_description"),
                      printable_member(answer, "details")};
  if (error.message.empty()) error.message = printable_member(answer, "message");
  if (error.code.empty() && error.message.empty() && error.detail.empty()) return {};
  return {std::move(error)};
}

}  // namespace

std::vector<RegistryError> parse_errors(std::string_view body) {
  std::vector<RegistryError> errors;
  json value;
  try {
    value = oci::parse_json(body, "the answer");
  } catch (const Error&) {
    return errors;
  }
  if (!value.is_object()) return errors;
  const auto list = value.find("errors");
  if (list == value.end() || !list->is_array()) return token_errors(value);
  for (const auto& entry : *list) {
    if (!entry.is_object() || errors.size() == kMaxErrors) break;
    errors.push_back({printable_member(entry, "code"), printable_member(entry, "message"),
                      printable_member(entry, "detail")});
  }
  return errors;
}

std::string error_code(const http::Response& response) {
  const auto errors = parse_errors(response.body);
  return errors.empty() ? "" : errors[0].code;
}

bool is_web_page(const http::Response& response) {
  return http::content_type(response) == "text/html";
}

Error web_page(const std::string& action, const http::Response& response) {
  Error error(Code::bad_input, fmt::format("{}: `{}` answered {} with a web page", action,
                                           response.url.authority, response.status));
  add_page_hint(error, response.url);
  return error;
}

bool wants_tls(const http::Response& response) {
  const std::string_view body = response.body;
  return response.status == 400 &&
         (body.find("HTTP request to an HTTPS server") != std::string_view::npos ||     // Go
          body.find("HTTP request was sent to HTTPS port") != std::string_view::npos);  // nginx
}

namespace {

// Of the stores of clouds: <Error><Code>AccessDenied</Code><Message>Request has expired</Message>
std::string xml_message(std::string_view body) {
  constexpr std::string_view kBegin = "<Message>";
  const auto begin = body.find(kBegin);
  const auto end = body.find("</Message>");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return "";
  const auto start = begin + kBegin.size();
  return shown(body.substr(start, end - start));
}

// A redirect that is not followed.
void add_location(Error& error, const http::Response& response) {
  if (!http::is_redirect(response.status)) return;
  const auto target = http::resolve_url(response.url, response.header("location"));
  if (!target) return;
  error.because(fmt::format("it redirects to `{}`", http::redacted(*target)));
  const bool to_tls = response.url.scheme == "http" && target->scheme == "https";
  error.hint(to_tls ? "it speaks TLS: leave --plain-http out"
                    : "name the registry by that address");
}

// A store of blobs knows nothing of logins.
Error redirected(Error error, const http::Response& response, const http::Url& url) {
  if (const auto message = xml_message(response.body); !message.empty()) error.because(message);
  error.because(fmt::format("`{}` redirects there", url.authority));
  if (code_for(response.status) == Code::network) {
    add_pause(error, response);
    return error;
  }
  return error.hint(
      "try again, for such addresses are good for a short time; and see that a proxy "
      "or firewall lets this machine reach it");
}

}  // namespace

Error refusal(const std::string& action, const http::Response& response, const http::Url& url,
              const RequestContext& context) {
  const auto errors = parse_errors(response.body);
  if (wants_tls(response)) {
    return Error(Code::network, fmt::format("{}: `{}` speaks TLS", action, url.authority))
        .hint("leave --plain-http out");
  }
  const bool page = errors.empty() && is_web_page(response);
  const bool elsewhere = response.url.authority != url.authority;
  const auto who =
      page || elsewhere ? fmt::format("`{}`", response.url.authority) : std::string(context.whom);
  auto message = fmt::format("{}: {} answered {}", action, who, response.status);
  if (page) message += " with a web page";
  if (!errors.empty() && !errors[0].code.empty()) message += " " + errors[0].code;
  Error error(code_for(response.status), message);
  for (const auto& entry : errors) {
    if (!entry.message.empty()) error.because(entry.message);
    if (!entry.detail.empty() && entry.detail != entry.message) error.because(entry.detail);
  }
  const auto text = errors.empty() ? plain_text(response) : "";
  if (!text.empty()) error.because(text);
  add_location(error, response);
  if (elsewhere) return redirected(std::move(error), response, url);
  add_hint_for_status(error, response, context);
  if (!errors.empty()) add_hint_for_code(error, errors[0].code, context);
  if (page) add_page_hint(error, url);
  return error;
}

}  // namespace wasmctl::registry
