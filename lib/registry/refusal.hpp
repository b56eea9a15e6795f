// What a registry's refusal means, in words.
// Source: OCI Distribution Specification v1.1, "Error Codes".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/http.hpp"

namespace wasmctl::registry {

struct RegistryError {
  std::string code;     // "DENIED", "MANIFEST_UNKNOWN"
  std::string message;  // in the registry's words, one line, at most 300 bytes
  std::string detail;   // the same, if it is text
};

// The body's `errors`, or the one that a token server tells of in its own ways (RFC 6749, section
// 5.2, `error` and `error_description`; Docker's `details`; others' `message`); none if it is no
// such JSON.
std::vector<RegistryError> parse_errors(std::string_view body);

// The code of the first of them, by which statuses that mean several things are told apart; "" if
// there is none.
std::string error_code(const http::Response& response);

// Who asked, and for what.
struct RequestContext {
  std::string_view whom = "the registry";
  std::string registry;    // as the user names it
  std::string repository;  // "" for none
  std::string login;       // which credentials were sent, "" for none
  std::string scope;       // for which a token was asked, "" for none
  bool writes = false;     // the request was to change something
  bool logs_in = false;    // the login is not stored yet
};

// The error for an answer that was not hoped for. `action` begins the message: "cannot push to
// ghcr.io/acme/a:v1"; `url` was asked, and may have redirected to whoever answered.
Error refusal(const std::string& action, const http::Response& response, const http::Url& url,
              const RequestContext& context);

// An answer for a browser, as of a gateway that wants a login, and the error where it came in place
// of what was asked for.
bool is_web_page(const http::Response& response);
Error web_page(const std::string& action, const http::Response& response);

// True for what a TLS server says to a client that spoke plain HTTP.
bool wants_tls(const http::Response& response);

// Text from outside, made fit for a terminal: no control characters, at most `max` bytes.
std::string printable(std::string_view text, std::size_t max = 300);

}  // namespace wasmctl::registry
