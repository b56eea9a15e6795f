#include "registry/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "oci/manifest.hpp"

namespace wasmctl::registry {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxErrors = 3;  // shown; more say the same

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? printable(found->get<std::string>()) : "";
}

Code code_for(int status) {
  switch (status) {
    case 401:
    case 403:
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

bool is_html(const Response& response) {
  return response.header("content-type").starts_with("text/html");
}

// What is behind the address is no registry, or a gateway stands before it.
Error no_registry(const std::string& action, const Response& response, const Url& url) {
  return Error(Code::bad_input, fmt::format("{}: `{}` answered {} with a web page", action,
                                            url.authority, response.status))
      .hint(
          fmt::format("check that `{}` is the registry's address, and that no proxy answers for it",
                      url.authority));
}

void add_hint(Error& error, const Response& response, const Url& url, const std::string& login) {
  switch (response.status) {
    case 401:
      if (!login.empty()) error.because(fmt::format("it was asked as {}", login));
      error.hint(fmt::format("log in: `wasmctl login {}`", url.authority));
      break;
    case 403:
      error.because(login.empty() ? "it was asked without a login"
                                  : fmt::format("it was asked as {}", login));
      error.hint(fmt::format("log in with the right to do so: `wasmctl login {}`", url.authority));
      break;
    case 413:
      error.hint("the registry, or a proxy before it, limits the size of a request");
      break;
    case 429:
      error.hint("the registry limits the rate: try again later");
      break;
    default:
      break;
  }
}

}  // namespace

std::string printable(std::string_view text, std::size_t max) {
  std::string result(text.substr(0, max));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  if (text.size() > max) result += "...";
  return result;
}

std::vector<RegistryError> parse_errors(std::string_view body) {
  std::vector<RegistryError> errors;
  json value;
  try {
    value = oci::parse_json(body, "the answer");
  } catch (const Error&) {
    return errors;
  }
  const auto list = value.is_object() ? value.find("errors") : value.end();
  if (!value.is_object() || list == value.end() || !list->is_array()) return errors;
  for (const auto& entry : *list) {
    if (!entry.is_object() || errors.size() == kMaxErrors) break;
    errors.push_back({text_of(entry, "code"), text_of(entry, "message")});
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

bool wants_tls(const Response& response) {
  const std::string_view body = response.body;
  return response.status == 400 &&
         (body.find("HTTP request to an HTTPS server") != std::string_view::npos ||     // Go
          body.find("HTTP request was sent to HTTPS port") != std::string_view::npos);  // nginx
}

Error refusal(const std::string& action, const Response& response, const Url& url,
              const std::string& login) {
  const auto errors = parse_errors(response.body);
  if (wants_tls(response)) {
    return Error(Code::network, fmt::format("{}: `{}` speaks TLS", action, url.authority))
        .hint("leave --plain-http out");
  }
  if (errors.empty() && is_html(response)) return no_registry(action, response, url);

  auto message = fmt::format("{}: the registry answered {}", action, response.status);
  if (!errors.empty() && !errors[0].code.empty()) message += " " + errors[0].code;
  Error error(code_for(response.status), message);
  for (const auto& entry : errors) {
    if (!entry.message.empty()) error.because(entry.message);
  }
  add_hint(error, response, url, login);
  return error;
}

}  // namespace wasmctl::registry
