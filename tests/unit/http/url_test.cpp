#include "http/url.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace wasmctl::http;  // NOLINT: every name below is from there

namespace {

std::string shown(const std::optional<Url>& url) {
  return url ? to_string(*url) : "refused";
}

}  // namespace

TEST_CASE("parse_url takes http(s) with a host, and nothing that hides something") {
  const std::pair<std::string, std::string> cases[] = {
      {"https://ghcr.io/v2/", "https://ghcr.io/v2/"},
      {"HTTPS://GHCR.io", "https://ghcr.io/"},
      {"http://localhost:5000?a=b", "http://localhost:5000/?a=b"},
      {"http://[::1]:5000/x#fragment", "http://[::1]:5000/x"},
      {"https://user:pass@ghcr.io/", "refused"},
      {"https://ghcr.io@evil.example/", "refused"},
      {"file:///etc/passwd", "refused"},
      {"ftp://ghcr.io/", "refused"},
      {"https:///path", "refused"},
      {"https://", "refused"},
      {"ghcr.io/v2/", "refused"},
      {"https://ghcr.io/a b", "refused"},
      {"https://ghcr.io/a\r\nHost: evil", "refused"},
      {"https://ghcr.io/" + std::string(20000, 'a'), "refused"},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    CHECK(shown(parse_url(text)) == want);
  }
}

TEST_CASE("resolve_url reads every form of a Location") {
  const Url base{"https", "ghcr.io", "/v2/acme/a/blobs/uploads/?x=1"};
  const std::pair<const char*, const char*> cases[] = {
      {"https://other.example/u?s=1", "https://other.example/u?s=1"},
      {"//other.example/u", "https://other.example/u"},
      {"/v2/u?s=1", "https://ghcr.io/v2/u?s=1"},
      {"u-1", "https://ghcr.io/v2/acme/a/blobs/uploads/u-1"},
      {"?s=2", "https://ghcr.io/v2/acme/a/blobs/uploads/?s=2"},
      {"/u?next=https://x/", "https://ghcr.io/u?next=https://x/"},
      {"/v2/acme/my uploads/1?state=a b", "https://ghcr.io/v2/acme/my%20uploads/1?state=a%20b"},
      {"/v2/caf\xc3\xa9", "https://ghcr.io/v2/caf%C3%A9"},
      {"/v2/a%20b", "https://ghcr.io/v2/a%20b"},
      {"https://gh cr.io/", "refused"},
      {"/a\r\nX-Evil: 1", "refused"},
      {"/a\x7f", "refused"},
      {"", "refused"},
      {"file:///etc/passwd", "refused"},
  };
  for (const auto& [location, want] : cases) {
    CAPTURE(location);
    CHECK(shown(resolve_url(base, location)) == want);
  }
}

TEST_CASE("same_origin knows the default ports, and mistakes no other host") {
  const struct {
    Url a, b;
    bool want;
  } cases[] = {
      {{"https", "ghcr.io", "/"}, {"https", "ghcr.io:443", "/x"}, true},
      {{"http", "ghcr.io", "/"}, {"http", "ghcr.io:80", "/"}, true},
      {{"https", "ghcr.io", "/"}, {"http", "ghcr.io", "/"}, false},
      {{"https", "ghcr.io", "/"}, {"https", "ghcr.io:444", "/"}, false},
      {{"https", "ghcr.io", "/"}, {"https", "ghcr.io.evil.example", "/"}, false},
      {{"http", "localhost:5000", "/"}, {"http", "127.0.0.1:5000", "/"}, false},
  };
  for (const auto& c : cases) {
    CAPTURE(to_string(c.b));
    CHECK(same_origin(c.a, c.b) == c.want);
    CHECK(same_origin(c.b, c.a) == c.want);
  }
}

TEST_CASE("with_query encodes, redacted hides") {
  const Url url{"https", "ghcr.io", "/u"};
  const auto once = with_query(url, "digest", "sha256:ab");
  CHECK(to_string(once) == "https://ghcr.io/u?digest=sha256%3Aab");
  CHECK(to_string(with_query(once, "s", "a b&c")) ==
        "https://ghcr.io/u?digest=sha256%3Aab&s=a%20b%26c");
  CHECK(redacted(once) == "https://ghcr.io/u?...");
  CHECK(redacted(url) == "https://ghcr.io/u");
}

TEST_CASE("is_loopback") {
  for (const auto* host :
       {"localhost", "localhost:5000", "127.0.0.1:1", "127.1.2.3", "[::1]:5000", "LOCALHOST:5000",
        "LocalHost", "[0:0:0:0:0:0:0:1]:5000", "[0000::0001]", "[::ffff:127.0.0.1]"}) {
    CAPTURE(host);
    CHECK(is_loopback(host));
  }
  for (const auto* host : {"localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "[::2]",
                           "ghcr.io", "[::ffff:10.0.0.1]", "[::1", "", "127.evil.example"}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback(host));
  }
}
