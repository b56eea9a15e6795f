#include "http/no_proxy.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace wasmctl::http;  // NOLINT(google-build-using-namespace)

TEST_CASE("NO_PROXY as Go's programs read it") {
  const struct {
    std::string exceptions;
    std::string url;
    bool want;
  } cases[] = {
      {"", "https://ghcr.io/", false},
      {",, ,", "https://ghcr.io/", false},
      {"ghcr.io", "https://ghcr.io/", true},
      {"quay.io, GHCR.io ", "https://ghcr.io/", true},
      {"ghcr.io", "https://pkg.ghcr.io/", true},
      {"ghcr.io", "https://notghcr.io/", false},
      {"ghcr.io", "https://ghcr.io.evil.example/", false},
      {".ghcr.io", "https://ghcr.io/", false},
      {".ghcr.io", "https://pkg.ghcr.io/", true},
      {"*.ghcr.io", "https://ghcr.io/", false},
      {"*.ghcr.io", "https://pkg.ghcr.io/", true},
      {"*ghcr.io", "https://ghcr.io/", false},
      {"*", "https://ghcr.io/", true},
      {"quay.io,*", "http://10.0.0.1/", true},
      {"ghcr.io:443", "https://ghcr.io/", true},
      {"ghcr.io:443", "https://ghcr.io:8443/", false},
      {"ghcr.io:8443", "https://ghcr.io:8443/", true},
      {"ghcr.io:80", "http://ghcr.io/", true},
      {"*.ghcr.io:8443", "https://pkg.ghcr.io:8443/", true},
      {":443", "https://ghcr.io/", false},
      {"10.0.0.1", "http://10.0.0.1:5000/", true},
      {"10.0.0.1:5000", "http://10.0.0.1:5000/", true},
      {"10.0.0.1:5001", "http://10.0.0.1:5000/", false},
      {"10.0.0.0/8", "http://10.1.2.3:5000/", true},
      {"10.0.0.0/8", "http://11.1.2.3:5000/", false},
      {"10.1.2.0/23", "http://10.1.3.255/", true},
      {"10.1.2.0/23", "http://10.1.4.0/", false},
      {"0.0.0.0/0", "http://10.1.4.0/", true},
      {"0.0.0.0/0", "http://[2001:db8::1]/", false},
      {"::/0", "http://10.1.4.0/", false},
      {"10.0.0.0/33", "http://10.0.0.0/", false},
      {"10.0.0.0/8", "http://10.example/", false},
      {"2001:db8::1", "http://[2001:db8::1]:5000/", true},
      {"[2001:db8::1]:5000", "http://[2001:0db8:0::1]:5000/", true},
      {"[2001:db8::1]:5001", "http://[2001:db8::1]:5000/", false},
      {"2001:db8::/32", "http://[2001:db8:7::1]/", true},
      {"2001:db8::/32", "http://[2001:db9::1]/", false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.exceptions);
    CAPTURE(c.url);
    CHECK(is_without_proxy(parse_url(c.url).value(), c.exceptions) == c.want);
  }
}
