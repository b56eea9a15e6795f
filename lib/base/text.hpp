// Text as protocols and kinds have it, in ASCII: no locale has a say.
#pragma once

#include <string>
#include <string_view>

namespace wasmctl::base {

// A-Z as a-z; every other byte as it is.
std::string lower(std::string_view text);

// Without blanks and ends of lines before and after it.
std::string_view trimmed(std::string_view text);

// A URL without its user and password; what has no "://" stays as it is.
std::string without_login(std::string url);

}  // namespace wasmctl::base
