#include "envoy/message.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/error.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
using envoy::MessageReader;

namespace {

using Kind = MessageReader::Kind;

// The message, fed byte by byte; `after` is what becomes of the end of the connection.
std::string read_response(const std::string& bytes, Kind kind = Kind::response) {
  MessageReader reader(kind);
  bool is_whole = false;
  for (const char byte : bytes) is_whole = reader.feed({&byte, 1});
  if (!is_whole && !reader.close()) return "cut";
  const auto response = reader.take_response();
  std::string text = fmt::format("{} {}", response.status, response.body);
  for (const auto& [name, value] : response.trailers) text += fmt::format(" {}={}", name, value);
  return text;
}

}  // namespace

TEST_CASE("a response ends where its framing says") {
  struct Case {
    const char* name;
    const char* bytes;
    const char* want;
    Kind kind = Kind::response;
  };
  const Case cases[] = {
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 abc"},
      {"no body", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "200 "},
      {"until the end", "HTTP/1.1 200 OK\r\n\r\nabc", "200 abc"},
      {"chunks",
       "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
       "200 abc"},
      {"trailers",
       "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nc\r\n0\r\nx: y\r\n\r\n",
       "200 c x=y"},
      {"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n", "204 "},
      {"to HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n", "200 ", Kind::response_to_head},
      {"cut in the head", "HTTP/1.1 200 OK\r\ncontent-le", "cut"},
      {"cut in the body", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", "cut"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(read_response(c.bytes, c.kind) == c.want);
  }
}

TEST_CASE("what is no HTTP is refused, and what is too long") {
  const std::pair<const char*, const char*> cases[] = {
      {"SSH-2.0-OpenSSH\r\n\r\n", "not an HTTP/1.1 message: the first line has no status"},
      {"HTTP/1.1 abc\r\n\r\n", "not an HTTP/1.1 message: a length that is none"},
      {"HTTP/1.1 200 OK\r\n: x\r\n\r\n", "not an HTTP/1.1 message: a header without a name"},
      {"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
       "not an HTTP/1.1 message: a length that is none"},
      {"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
       "not an HTTP/1.1 message: more than 67108864 bytes"},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
       "not an HTTP/1.1 message: a length that is none"},
  };
  for (const auto& [bytes, message] : cases) {
    CAPTURE(bytes);
    CHECK_THROWS_WITH_AS(read_response(bytes), message, Error);
  }
}

TEST_CASE("what a peer may send is bounded") {
  std::string interim;
  for (int i = 0; i < 100; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
  CHECK(read_response(interim + "HTTP/1.1 204 \r\n\r\n") == "204 ");
  CHECK_THROWS_WITH_AS(read_response(interim + interim),
                       "not an HTTP/1.1 message: 1xx responses without an end", Error);
  std::string chunked = "HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 21; ++i) chunked += "a: " + std::string(50'000, 'x') + "\r\n";
  CHECK_THROWS_WITH_AS(MessageReader(Kind::response).feed(chunked),
                       "not an HTTP/1.1 message: trailers without an end", Error);
}

TEST_CASE("requests follow one another on a connection") {
  MessageReader reader(Kind::request);
  CHECK(reader.is_empty());
  CHECK(reader.feed(
      "POST /a?b HTTP/1.1\r\nHost: x\r\ncontent-length: 1\r\n\r\nzGET /c HTTP/1.1\r\n"));
  const auto first = reader.take_request();
  CHECK(first.method == "POST");
  CHECK(first.target == "/a?b");
  CHECK(first.body == "z");
  CHECK(envoy::find_header(first.headers, "host") == "x");
  CHECK_FALSE(reader.feed(""));
  CHECK(reader.feed("\r\n"));
  CHECK(reader.take_request().target == "/c");
}

TEST_CASE("what is written frames its body") {
  CHECK(envoy::to_bytes(envoy::Request{"GET", "/", {{"host", "a"}}, "", {}}) ==
        "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  CHECK(envoy::to_bytes(envoy::Request{"POST", "/", {}, "ab", {}}) ==
        "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nab");
  CHECK(envoy::to_bytes(envoy::Response{200, {}, "ab", {{"x", "y"}}}, "GET") ==
        "HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nx: y\r\n\r\n");
  CHECK(envoy::to_bytes(envoy::Response{200, {}, "ab", {}}, "HEAD") ==
        "HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\n");
  CHECK(envoy::to_bytes(envoy::Response{204, {}, "", {}}, "GET") == "HTTP/1.1 204 \r\n\r\n");
}
