#include "cli/commands/run/once.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/files.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

TEST_CASE("parse_once reads a request as one types it") {
  const std::string usual = "host: localhost\r\nuser-agent: wasmctl/0.1.0\r\naccept: */*\r\n";
  const std::pair<const char*, std::string> cases[] = {
      {"/", "GET / HTTP/1.1\r\n" + usual + "\r\n"},
      {"GET /a?b=c", "GET /a?b=c HTTP/1.1\r\n" + usual + "\r\n"},
      {"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" + usual + "\r\n"},
      {"GET / -H 'a:  b c '", "GET / HTTP/1.1\r\na: b c\r\n" + usual + "\r\n"},
      {"GET / -Ha:b -H \"c: \\\"d\\\"\"",
       "GET / HTTP/1.1\r\na: b\r\nc: \"d\"\r\n" + usual + "\r\n"},
      {"GET / -H 'Host: x' -H 'User-Agent: y' -H 'accept:'",
       "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\naccept: \r\n\r\n"},
      {"POST /  -d 'a b'", "POST / HTTP/1.1\r\n" + usual + "content-length: 3\r\n\r\na b"},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    CHECK(envoy::to_bytes(cli::parse_once(text)) == want);
  }
  const base::TemporaryDirectory directory;
  base::write_file(directory.path() / "body", "from a file");
  CHECK(cli::parse_once("POST / -d @" + (directory.path() / "body").native()).body ==
        "from a file");
}

TEST_CASE("parse_once refuses what is no request, and says why") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "--once: expected 'METHOD /PATH [-H HEADER]... [-d BODY]', not ``"},
      {"GET", "--once: expected 'METHOD /PATH [-H HEADER]... [-d BODY]', not `GET`"},
      {"GET a", "--once: expected 'METHOD /PATH [-H HEADER]... [-d BODY]', not `GET a`"},
      {"G(T /", "--once: expected 'METHOD /PATH [-H HEADER]... [-d BODY]', not `G(T /`"},
      {"GET '/a b'", "--once: expected 'METHOD /PATH [-H HEADER]... [-d BODY]', not `GET '/a b'`"},
      {"GET / -H", "--once: -H is without a value"},
      {"GET / -H a", "--once: expected -H 'NAME: VALUE', not `a`"},
      {"GET / -H ': a'", "--once: expected -H 'NAME: VALUE', not `: a`"},
      {"GET / -H 'a: b\nc: d'", "--once: expected -H 'NAME: VALUE', not `a: b\nc: d`"},
      {"GET / -X POST", "--once: `-X` was not expected: -H and -d are"},
      {"GET / -H 'a: b", "--once: a ' is not closed"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(cli::parse_once(text), message, Error);
  }
}
