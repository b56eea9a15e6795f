// Text as protocols and kinds have it, in ASCII: no locale has a say.
#pragma once

#include <string>
#include <string_view>

namespace wasmctl::base {

// A-Z as a-z; every other byte as it is.
std::string lower(std::string_view text);

// Without blanks and ends of lines before and after it.
std::string_view trimmed(std::string_view text);

// Without the logins of the URLs and names of images that are in it: USER@ and USER:PASSWORD@ after
// "://", USER:PASSWORD@ anywhere else. What comes before a digest (`name:tag@sha256:...`) is none.
std::string without_logins(std::string text);

}  // namespace wasmctl::base
