// What a registry's refusal means, in words.
// Source: OCI Distribution Specification v1.1, "Error Codes".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
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

// Who asked, and for what.
struct Asker {
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
              const Asker& asker);

// True for what a TLS server says to a client that spoke plain HTTP.
bool wants_tls(const http::Response& response);

// How long the answer asks to wait (Retry-After, in seconds or as a date); 0 if it does not.
std::chrono::seconds asked_pause(const http::Response& response);

// The target of the Link with rel="next", as it is written; null if there is none.
// Source: RFC 8288, section 3.
std::optional<std::string> next_link(const http::Response& response);

// Digits alone, as headers have them; null for what is none, or has more than 18.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

// Of a registry's text, this many bytes are shown.
inline constexpr std::size_t kMaxShown = 300;

}  // namespace wasmctl::registry
