// What headers of an answer say, beyond their text. All of them come from outside.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/http.hpp"

namespace wasmctl::http {

// How long the answer asks to wait (Retry-After, in seconds or as a date); 0 if it does not.
std::chrono::seconds asked_pause(const Response& response);

// The target of the Link with rel="next", as it is written; null if there is none.
// Source: RFC 8288, section 3.
std::optional<std::string> next_link(const Response& response);

// The media type of Content-Type, in lower case, without parameters; "" if there is none.
std::string content_type(const Response& response);

// Digits alone; null for what is none, or has more than 18.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

}  // namespace wasmctl::http
