// What is said of a request that got no answer, from libcurl's words for it.
#pragma once

#include <string>

#include "http/curl.hpp"
#include "http/http.hpp"

namespace wasmctl::http {

// As libcurl tells of it.
struct Failure {
  CURLcode code = CURLE_OK;
  std::string detail = {};  // its text, which may hold a proxy's password
  int os_error = 0;         // errno; 0 if it does not know one
  bool unsent = false;      // there was more of the body to send
};

TransportError to_error(Failure failure, const Request& request, const Options& options);

// The proxy was to connect us (CONNECT), and answered with `status`.
TransportError proxy_refusal(const Request& request, const Options& options, long status);

// The answer has more bytes than were asked for.
TransportError too_long(const Request& request);

// The proxy for `url`, if it is asked through one; else empty.
std::string proxy_for(const Url& url, const ProxyOptions& proxy);

}  // namespace wasmctl::http
