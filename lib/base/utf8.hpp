// Whether bytes are text.
#pragma once

#include <string_view>

namespace wasmctl::base {

// Valid UTF-8 of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace wasmctl::base
