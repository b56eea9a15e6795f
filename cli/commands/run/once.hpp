// The request of `wasmctl run --once`, written as one would type it for curl.
#pragma once

#include <string>

#include "envoy/message.hpp"

namespace wasmctl::cli {

// "POST /path -H 'name: value' -d body", with a shell's quotes; `-d @FILE` is the file. A path
// alone is a GET. What is not said: `host: localhost`, and who asks. Throws Error{Code::usage}.
envoy::Request parse_once(const std::string& text);

}  // namespace wasmctl::cli
