#include "host/header_map.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wasmctl::host {

namespace {

// Envoy keeps one value of these, and joins what is added.
// Source: envoy/http/header_map.h, INLINE_REQ_*, INLINE_RESP_* (1.40).
constexpr std::string_view kSingle[] = {":authority",
                                        ":method",
                                        ":path",
                                        ":protocol",
                                        ":scheme",
                                        ":status",
                                        "connection",
                                        "content-length",
                                        "content-type",
                                        "expect",
                                        "grpc-message",
                                        "grpc-status",
                                        "grpc-timeout",
                                        "keep-alive",
                                        "location",
                                        "proxy-connection",
                                        "proxy-status",
                                        "server",
                                        "te",
                                        "transfer-encoding",
                                        "upgrade",
                                        "user-agent",
                                        "via",
                                        "x-client-trace-id",
                                        "x-forwarded-client-cert",
                                        "x-forwarded-for",
                                        "x-forwarded-host",
                                        "x-forwarded-port",
                                        "x-forwarded-proto",
                                        "x-request-id"};

bool is_pseudo(std::string_view name) {
  return name.starts_with(':');
}

// As the tester's map compares (boost::ilexicographical_compare): in capitals, so that `_` comes
// after the letters.
bool comes_before(std::string_view a, std::string_view b) {
  const auto capital = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  return std::ranges::lexicographical_compare(a, b, {}, capital, capital);
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && base::lower(a) == base::lower(b);
}

}  // namespace

HeaderMap::HeaderMap(HeaderForm form, const Pairs& pairs) : form_(form) {
  assign(pairs);
}

std::size_t HeaderMap::size_for_module() const {
  if (form_ == HeaderForm::joined) return pairs_.size();
  std::size_t bytes = 0;
  for (const auto& [name, value] : pairs_) bytes += name.size() + value.size();
  return bytes;
}

std::optional<std::string_view> HeaderMap::get(std::string_view name) const {
  const auto found =
      std::ranges::find_if(pairs_, [&](const auto& pair) { return same_name(pair.first, name); });
  if (found == pairs_.end()) return std::nullopt;
  return found->second;
}

void HeaderMap::add(std::string_view name, std::string_view value) {
  const auto found =
      std::ranges::find_if(pairs_, [&](const auto& pair) { return same_name(pair.first, name); });
  if (form_ == HeaderForm::joined) {
    if (found == pairs_.end()) return replace(name, value);
    if (found->second.empty()) {
      found->second = value;
    } else {
      found->second.append(", ").append(value);
    }
    return;
  }
  auto key = base::lower(name);
  if (found != pairs_.end() && std::ranges::find(kSingle, key) != std::end(kSingle)) {
    found->second.append(",").append(value);
    return;
  }
  const auto place = is_pseudo(key)
                         ? std::ranges::find_if_not(pairs_, is_pseudo, &Pairs::value_type::first)
                         : pairs_.end();
  pairs_.emplace(place, std::move(key), value);
}

void HeaderMap::replace(std::string_view name, std::string_view value) {
  if (form_ == HeaderForm::listed) {
    remove(name);
    return add(name, value);
  }
  const auto place = std::ranges::find_if(
      pairs_, [&](const auto& pair) { return !comes_before(pair.first, name); });
  if (place != pairs_.end() && same_name(place->first, name)) {
    place->second = value;
  } else {
    pairs_.emplace(place, name, value);
  }
}

void HeaderMap::remove(std::string_view name) {
  std::erase_if(pairs_, [&](const auto& pair) { return same_name(pair.first, name); });
}

void HeaderMap::assign(const Pairs& pairs) {
  pairs_.clear();
  for (const auto& [name, value] : pairs) add(name, value);
}

}  // namespace wasmctl::host
