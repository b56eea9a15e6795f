#include "http/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

namespace wasmctl::http {

namespace {

constexpr Address kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr Address kLoopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr std::ptrdiff_t kIpv4Start = kIpv4Bits / 8;

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  const std::string terminated(text);
  Address address = {};
  if (::inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) return address;
  address = kMapped;
  if (::inet_pton(AF_INET, terminated.c_str(), address.data() + kIpv4Start) == 1) return address;
  return std::nullopt;
}

bool is_ipv4(const Address& address) {
  return std::equal(kMapped.begin(), kMapped.begin() + kIpv4Start, address.begin());
}

bool is_loopback(const Address& address) {
  return address == kLoopback || (is_ipv4(address) && address[kIpv4Start] == 127);
}

}  // namespace wasmctl::http
