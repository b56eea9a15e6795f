// Where an answer sends on to.
#pragma once

#include <string>
#include <string_view>

#include "http/http.hpp"

namespace wasmctl::http {

// How many redirects are followed.
inline constexpr int kMaxRedirects = 5;

bool is_redirect(int status);

// Where an answer of `from` redirects to. Throws Error{Code::bad_input}, which begins with
// `action`, where that is nowhere, or away from TLS.
Url redirect_target(const std::string& action, const Url& from, const Response& response);

// "ACTION: `HOST` redirects WHERE"
Error redirect_error(const std::string& action, const Url& from, std::string_view where);

}  // namespace wasmctl::http
