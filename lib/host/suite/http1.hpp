// The head of an HTTP/1 message, as the headers that a plugin sees.
#pragma once

#include <cstdint>
#include <string_view>

#include "host/abi.hpp"

namespace wasmctl::host {

enum class MessageKind : std::uint8_t { request, response };

// Pseudo headers first. Lines end with \r\n or \n; what is behind an empty line does not count.
// As Google's plugin tester reads it (with quiche's Balsa): an absolute URI gives :scheme, :path
// and :authority, and Host goes; a path gives :path, and :authority from Host; names become lower
// case. Throws Error{Code::bad_input} without a place.
Pairs parse_http1(std::string_view text, MessageKind kind);

}  // namespace wasmctl::host
