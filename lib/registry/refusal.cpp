#include "registry/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/printable.hpp"
#include "base/text.hpp"
#include "oci/manifest.hpp"
#include "registry/challenge.hpp"
#include "registry/client.hpp"

namespace wasmctl::registry {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxErrors = 3;  // shown; more say the same

std::string shown(std::string_view text) {
  return base::printable(text, kMaxShown);
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? shown(found->get<std::string>()) : "";
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

bool is_html(const http::Response& response) {
  return response.header("content-type").starts_with("text/html");
}

// What is behind the address is no registry, or a gateway stands before it.
void add_page_hint(Error& error, const http::Url& url) {
  error.hint(
      fmt::format("check that `{}` is the registry's address, and that no proxy answers for it",
                  url.authority));
}

// <first>; rel="next"; title="a, b", <second>; rel=last
class LinkParser {
 public:
  explicit LinkParser(std::string_view text) : text_(text) {}

  std::optional<std::string> next() {
    for (;;) {
      skip(" \t,");
      if (!text_.starts_with('<')) return std::nullopt;
      const auto end = text_.find('>');
      if (end == std::string_view::npos) return std::nullopt;
      const auto target = text_.substr(1, end - 1);
      text_.remove_prefix(end + 1);
      if (is_next()) return std::string(target);
    }
  }

 private:
  void skip(std::string_view set) {
    text_.remove_prefix(std::min(text_.find_first_not_of(set), text_.size()));
  }
  std::string_view take_until(std::string_view set) {
    const auto taken = text_.substr(0, text_.find_first_of(set));
    text_.remove_prefix(taken.size());
    return taken;
  }

  // Reads the parameters up to the next link. The first `rel` counts.
  bool is_next() {
    std::optional<bool> result;
    for (skip(" \t"); text_.starts_with(';'); skip(" \t")) {
      skip("; \t");
      const auto name = base::lower(take_until(" \t=;,"));
      const auto value = base::lower(read_value());
      if (name == "rel" && !result)
        result = fmt::format(" {} ", value).find(" next ") != std::string::npos;
    }
    return result.value_or(false);
  }

  std::string_view read_value() {
    skip(" \t");
    if (!text_.starts_with('=')) return {};
    text_.remove_prefix(1);
    skip(" \t");
    if (!text_.starts_with('"')) return take_until(" \t;,");
    text_.remove_prefix(1);
    const auto value = take_until("\"");
    text_.remove_prefix(std::min<std::size_t>(1, text_.size()));
    return value;
  }

  std::string_view text_;
};

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that is sent.
// Source: RFC 9110, section 5.6.7.
std::optional<std::time_t> parse_date(const std::string& text) {
  std::tm time = {};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return ::timegm(&time);
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
  const auto pause = asked_pause(response);
  const bool rate = response.status == 429;
  if (pause.count() > 0) {
    error.hint(fmt::format("the registry {}: try again in {}",
                           rate ? "limits the rate" : "asks for a pause", in_words(pause)));
  } else if (rate) {
    error.hint("the registry limits the rate: try again later");
  }
}

// "it was asked as user `me`, for the scope `repository:acme/a:pull`"
void add_login(Error& error, const Asker& asker) {
  auto text =
      asker.login.empty() ? "it was asked without a login" : "it was asked as " + asker.login;
  if (!asker.scope.empty()) text += fmt::format(", for the scope `{}`", asker.scope);
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

void add_hint_for_status(Error& error, const http::Response& response, const Asker& asker) {
  switch (response.status) {
    case 401:
      if (const auto schemes = unknown_schemes(response); !schemes.empty()) {
        error.because(fmt::format("it wants a login by {}, which wasmctl does not speak", schemes));
        error.hint("ask its owner for a login by password or token");
        break;
      }
      if (!asker.login.empty() || !asker.scope.empty()) add_login(error, asker);
      error.hint(asker.logs_in ? "check the user and the password; some registries want a token "
                                 "in its place"
                               : fmt::format("log in: `wasmctl login {}`", asker.registry));
      break;
    case 403:
      add_login(error, asker);
      error.hint(fmt::format("log in with the right to do so: `wasmctl login {}`", asker.registry));
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

void add_hint_for_code(Error& error, const std::string& code, const Asker& asker) {
  if (code == "MANIFEST_UNKNOWN" && !asker.repository.empty()) {
    error.hint(fmt::format("`wasmctl list {}/{}` shows which tags there are", asker.registry,
                           asker.repository));
  } else if (code == "NAME_UNKNOWN" && asker.writes) {
    error.hint("check the repository's name; some registries want it to be made before a push");
  } else if (code == "NAME_UNKNOWN") {
    error.hint(
        fmt::format("check the repository's name: `wasmctl list {}` shows which there are, "
                    "where the registry offers that",
                    asker.registry));
  }
}

std::vector<RegistryError> token_errors(const json& answer) {
  RegistryError error{text_of(answer, "error"), text_of(answer, "error_description"),
                      text_of(answer, "details")};
  if (error.message.empty()) error.message = text_of(answer, "message");
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
    errors.push_back({text_of(entry, "code"), text_of(entry, "message"), text_of(entry, "detail")});
  }
  return errors;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  constexpr std::size_t kMaxDigits = 18;
  if (text.empty() || text.size() > kMaxDigits ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return std::stoull(std::string(text));
}

std::chrono::seconds asked_pause(const http::Response& response) {
  const auto text = response.header("retry-after");
  if (const auto seconds = parse_decimal(text)) {
    constexpr std::uint64_t kMaxSeconds = 365 * 24 * 3600;
    return std::chrono::seconds(std::min(*seconds, kMaxSeconds));
  }
  const auto date = parse_date(text);
  if (!date) return std::chrono::seconds(0);
  // By the server's own clock, or ours may make an hour of it.
  const auto now = parse_date(response.header("date")).value_or(std::time(nullptr));
  return std::chrono::seconds(std::max<std::time_t>(*date - now, 0));
}

std::optional<std::string> next_link(const http::Response& response) {
  const auto [first, last] = response.headers.equal_range("link");
  for (auto header = first; header != last; ++header) {
    if (auto target = LinkParser(header->second).next()) return target;
  }
  return std::nullopt;
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
  if (!is_redirect(response.status)) return;
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
              const Asker& asker) {
  const auto errors = parse_errors(response.body);
  if (wants_tls(response)) {
    return Error(Code::network, fmt::format("{}: `{}` speaks TLS", action, url.authority))
        .hint("leave --plain-http out");
  }
  const bool page = errors.empty() && is_html(response);
  const bool elsewhere = response.url.authority != url.authority;
  const auto who =
      page || elsewhere ? fmt::format("`{}`", response.url.authority) : std::string(asker.whom);
  auto message = fmt::format("{}: {} answered {}", action, who, response.status);
  if (page) message += " with a web page";
  if (!errors.empty() && !errors[0].code.empty()) message += " " + errors[0].code;
  Error error(code_for(response.status), message);
  for (const auto& entry : errors) {
    if (!entry.message.empty()) error.because(entry.message);
    if (!entry.detail.empty() && entry.detail != entry.message) error.because(entry.detail);
  }
  add_location(error, response);
  if (elsewhere) return redirected(std::move(error), response, url);
  add_hint_for_status(error, response, asker);
  if (!errors.empty()) add_hint_for_code(error, errors[0].code, asker);
  if (page) add_page_hint(error, url);
  return error;
}

}  // namespace wasmctl::registry
