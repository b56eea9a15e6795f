#include "http/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "http/address.hpp"

namespace wasmctl::http {

namespace {

constexpr std::size_t kMaxUrlBytes = 16 * 1024;  // signed storage URLs reach 4 KiB

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_authority(std::string_view text) {
  const auto legal = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view(".-_:[]").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), legal);
}

std::string without_default_port(const Url& url) {
  const std::string_view port = url.scheme == "https" ? ":443" : ":80";
  return url.authority.ends_with(port) ? url.authority.substr(0, url.authority.size() - port.size())
                                       : url.authority;
}

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

// Servers write a Location as it comes: blanks and bytes beyond ASCII are meant as they are.
std::string encoded(std::string_view location) {
  std::string text;
  for (const char c : location) {
    const bool plain = c != ' ' && static_cast<unsigned char>(c) < 0x80;
    text += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

// A reference without blanks and bytes beyond ASCII.
std::optional<Url> resolve(const Url& base, std::string_view location) {
  if (location.find("://") != std::string_view::npos &&
      location.find("://") < location.find_first_of("/?#")) {
    return parse_url(location);
  }
  if (location.starts_with("//")) return parse_url(fmt::format("{}:{}", base.scheme, location));
  const auto path = base.target.substr(0, base.target.find('?'));
  const auto origin = fmt::format("{}://{}", base.scheme, base.authority);
  if (location.starts_with('/')) return parse_url(fmt::format("{}{}", origin, location));
  if (location.starts_with('?')) return parse_url(fmt::format("{}{}{}", origin, path, location));
  if (location.empty()) return std::nullopt;
  return parse_url(fmt::format("{}{}{}", origin, path.substr(0, path.rfind('/') + 1), location));
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrlBytes || !is_printable(text)) return std::nullopt;
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = base::lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  auto rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  url.authority = base::lower(rest.substr(0, end));
  if (!is_authority(url.authority)) return std::nullopt;
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::optional<Url> resolve_url(const Url& base, std::string_view location) {
  return resolve(base, encoded(location));
}

std::string to_string(const Url& url) {
  return fmt::format("{}://{}{}", url.scheme, url.authority, url.target);
}

bool same_origin(const Url& a, const Url& b) {
  return a.scheme == b.scheme && without_default_port(a) == without_default_port(b);
}

Url with_query(Url url, std::string_view key, std::string_view value) {
  url.target += url.target.find('?') == std::string::npos ? '?' : '&';
  url.target += fmt::format("{}={}", key, percent_encode(value));
  return url;
}

std::string percent_encode(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool unreserved = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                            std::string_view("-._~").find(c) != std::string_view::npos;
    if (unreserved) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

std::string redacted(const Url& url) {
  const auto query = url.target.find('?');
  return to_string({url.scheme, url.authority, url.target.substr(0, query)}) +
         (query == std::string::npos ? "" : "?...");
}

bool is_loopback(std::string_view authority) {
  const auto host = base::lower(host_of(authority));
  if (host == "localhost") return true;
  const bool ipv6 = host.starts_with('[') && host.ends_with(']');
  const auto address = parse_address(ipv6 ? host.substr(1, host.size() - 2) : host);
  return address && is_loopback(*address);
}

}  // namespace wasmctl::http
