// IP addresses as text.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace wasmctl::http {

// 16 bytes; one of IPv4 as IPv6 maps it, ::ffff:192.0.2.1.
// Source: RFC 4291, section 2.5.5.2.
using Address = std::array<unsigned char, 16>;

// How many bits of it stand before the four bytes of IPv4.
inline constexpr unsigned kIpv4Bits = 96;

// Null for what is no address, as a name or one with a port. An IPv6 address has no brackets.
std::optional<Address> parse_address(std::string_view text);

bool is_ipv4(const Address& address);

// ::1, 127.0.0.0/8
bool is_loopback(const Address& address);

}  // namespace wasmctl::http
