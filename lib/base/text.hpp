// ASCII, as protocols and kinds have it: no locale has a say.
#pragma once

#include <string>
#include <string_view>

namespace wasmctl::base {

// A-Z as a-z; every other byte as it is.
std::string lower(std::string_view text);

}  // namespace wasmctl::base
