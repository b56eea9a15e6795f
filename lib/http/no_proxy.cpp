#include "http/no_proxy.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "http/address.hpp"

namespace wasmctl::http {

namespace {

struct HostPort {
  std::string_view host;  // without the brackets of IPv6
  std::string_view port;  // "" for none
};

// Null for what Go's net.SplitHostPort refuses; `text` is then a host without a port.
std::optional<HostPort> split_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // an IPv6 address
  }
  return HostPort{host, text.substr(colon + 1)};
}

HostPort target_of(const Url& url) {
  if (const auto split = split_port(url.authority)) return *split;
  std::string_view host = url.authority;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, url.scheme == "https" ? "443" : "80"};
}

bool same_bits(const Address& a, const Address& b, unsigned bits) {
  const auto whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const auto rest = bits % 8;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

struct Range {
  Address first = {};
  unsigned bits = 0;  // that all of it have in common
};

// "192.0.2.0/24"
std::optional<Range> parse_range(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto first = parse_address(text.substr(0, slash));
  const auto digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!first || !is_number) return std::nullopt;
  const unsigned before = text.find(':') == std::string_view::npos ? kIpv4Bits : 0;
  if (bits > 128 - before) return std::nullopt;
  return Range{*first, before + bits};
}

bool names_host(std::string_view pattern, std::string_view host) {
  if (pattern.starts_with("*.")) pattern.remove_prefix(1);
  if (pattern.starts_with('.')) return host.ends_with(pattern);
  return host == pattern ||
         (host.ends_with(pattern) && host[host.size() - pattern.size() - 1] == '.');
}

bool matches(std::string_view entry, const HostPort& target) {
  if (entry == "*") return true;
  const auto address = parse_address(target.host);
  if (const auto range = parse_range(entry)) {
    return address && is_ipv4(*address) == is_ipv4(range->first) &&
           same_bits(range->first, *address, range->bits);
  }
  const auto [host, port] = split_port(entry).value_or(HostPort{entry, ""});
  if (host.empty() || (!port.empty() && port != target.port)) return false;
  if (const auto named = parse_address(host)) return address == named;
  return names_host(host, target.host);
}

}  // namespace

bool is_without_proxy(const Url& url, std::string_view exceptions) {
  const auto lower = base::lower(exceptions);
  const auto target = target_of(url);  // in lower case
  for (std::size_t start = 0; start <= lower.size();) {
    const auto end = std::min(lower.find(',', start), lower.size());
    const auto entry = base::trimmed(std::string_view(lower).substr(start, end - start));
    if (!entry.empty() && matches(entry, target)) return true;
    start = end + 1;
  }
  return false;
}

}  // namespace wasmctl::http
