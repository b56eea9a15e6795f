// Base64 of RFC 4648, section 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::base {

std::string base64_encode(std::string_view bytes);

// Null for what is not base64. Padding may be missing.
std::optional<std::string> base64_decode(std::string_view text);

// As Go's standard encoding reads it, and with it kubectl and the API server: the padding must be
// there, and ends of lines are passed over, but no blanks.
std::optional<std::string> base64_decode_as_go(std::string_view text);

}  // namespace wasmctl::base
