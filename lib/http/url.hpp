// URLs, as far as a registry's answers hold them: upload locations, redirects, token realms.
// Source: RFC 3986, sections 3 and 5.2. Everything here comes from outside.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::http {

struct Url {
  std::string scheme;     // "http" or "https"
  std::string authority;  // "ghcr.io", "localhost:5000", "[::1]:5000"; lower case
  std::string target;     // path and query, begins with '/'; no fragment
  bool operator==(const Url&) const = default;
};

// Null for anything but an absolute http(s) URL of printable characters without user or password.
std::optional<Url> parse_url(std::string_view text);

// `location` as seen from `base`: absolute, "//host/path", "/path", "path" or "?query". Blanks and
// bytes beyond ASCII become %XX.
std::optional<Url> resolve_url(const Url& base, std::string_view location);

std::string to_string(const Url& url);

// The same server: what was meant for one may be shown to the other. A default port is the same as
// none.
bool same_origin(const Url& a, const Url& b);

// `url` with "key=value" added to its query, the value percent-encoded.
Url with_query(Url url, std::string_view key, std::string_view value);

// All but unreserved characters as %XX.
std::string percent_encode(std::string_view text);

// For messages and logs: without the query, which may hold a signature or a token.
std::string redacted(const Url& url);

// localhost, 127.0.0.0/8, [::1], however they are written, with or without a port: there a registry
// without TLS is usual.
bool is_loopback(std::string_view authority);

}  // namespace wasmctl::http
