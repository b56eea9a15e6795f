#include "envoy/upstream.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <vector>

#include "base/error.hpp"
#include "envoy/listening.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

TEST_CASE("the echo says what came") {
  const envoy::Upstream upstream(envoy::answering(envoy::echo));
  const envoy::Request request{"POST", "/a", {{"Host", "x"}, {"A", "1"}, {"a", "2"}}, "hi", {}};
  const auto response = envoy::exchange(upstream.port(), request, {});
  CHECK(response.status == 200);
  CHECK(response.body ==
        "{\"body\":\"hi\",\"headers\":{\"a\":[\"1\",\"2\"],\"content-length\":[\"2\"],\"host\":["
        "\"x\"]},"
        "\"method\":\"POST\",\"path\":\"/a\"}\n");
  const envoy::Request binary{"POST", "/", {}, "\xff", {{"t", "1"}}};
  CHECK(envoy::exchange(upstream.port(), binary, {}).body ==
        "{\"body_base64\":\"/w==\",\"headers\":{\"transfer-encoding\":[\"chunked\"]},"
        "\"method\":\"POST\",\"path\":\"/\",\"trailers\":{\"t\":[\"1\"]}}\n");
  // The digest is `head -c 1048577 /dev/zero | tr '\\0' x | sha256sum`.
  const envoy::Request large{"POST", "/", {}, std::string(1'048'577, 'x'), {}};
  CHECK(envoy::exchange(upstream.port(), large, {}).body ==
        "{\"body_bytes\":1048577,\"body_sha256\":"
        "\"154b8ed3c2383ce429058768595935faf7851b5c38db2b1732594be1d88bc05a\","
        "\"headers\":{\"content-length\":[\"1048577\"]},\"method\":\"POST\",\"path\":\"/\"}\n");
}

TEST_CASE(
    "an upstream answers what it is told, large bodies in both directions, and errors as 500") {
  const std::string much(5'000'000, 'x');
  const envoy::Upstream upstream(envoy::answering([](const envoy::Request& request) {
    if (request.target == "/fail") throw std::runtime_error("no");
    return envoy::Response{201, {{"x", "y"}}, request.body + request.body, {}};
  }));
  const auto large = envoy::exchange(upstream.port(), {"PUT", "/", {}, much, {}}, {});
  CHECK(large.status == 201);
  CHECK(large.body == much + much);
  const auto failed = envoy::exchange(upstream.port(), {"GET", "/fail", {}, "", {}}, {});
  CHECK(failed.status == 500);
  CHECK(failed.body == "no\n");
  CHECK(envoy::exchange(upstream.port(), {"HEAD", "/", {}, "", {}}, {}).status == 201);
}

TEST_CASE("what is no HTTP is cut off; TCP is sent back") {
  const envoy::Upstream http(envoy::answering(envoy::echo));
  CHECK(envoy::exchange_bytes(http.port(), "no http\r\nno http\r\n\r\n", {}).empty());
  const envoy::Upstream tcp(envoy::echoing_bytes());
  CHECK(envoy::exchange_bytes(tcp.port(), "abc", {}) == "abc");
  const std::string much(3'000'000, 'x');
  CHECK(envoy::exchange_bytes(tcp.port(), much, {}) == much);
}

TEST_CASE("an exchange without an answer says why") {
  const envoy::Upstream closing(
      [] { return [](std::string_view) -> std::string { throw std::runtime_error("close"); }; });
  CHECK_THROWS_WITH_AS(
      envoy::exchange(closing.port(), {}, {}),
      fmt::format("127.0.0.1:{}: the connection was closed without an answer", closing.port())
          .c_str(),
      Error);
  const envoy::Upstream silent([] { return [](std::string_view) { return std::string(); }; });
  CHECK_THROWS_WITH_AS(envoy::exchange(silent.port(), {}, {std::chrono::milliseconds(10), -1}),
                       fmt::format("127.0.0.1:{}: no answer within 0.01 s", silent.port()).c_str(),
                       Error);
}

TEST_CASE("an answer without an end is ended") {
  const envoy::Upstream endless(
      [] { return [](std::string_view) { return std::string(70'000'000, 'x'); }; });
  CHECK_THROWS_WITH_AS(
      envoy::exchange_bytes(endless.port(), "a", {}),
      fmt::format("127.0.0.1:{}: an answer without an end: more than 67108864 bytes",
                  endless.port())
          .c_str(),
      Error);
}

TEST_CASE("a port that is taken names who has it") {
  envoy::require_free_port(0);
  const auto socket = envoy::listen_on_loopback();
  const auto port = envoy::port_of(socket);
  const auto who = envoy::listening_on(port);
  REQUIRE(who);
  CHECK(who->pid == ::getpid());
  try {
    envoy::require_free_port(port);
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(format_error(error) ==
          fmt::format("error: cannot listen on 127.0.0.1:{}: address already in use\n"
                      "  caused by: `unit_tests` (process {}) has it\n"
                      "hint: take another one, or 0 for any that is free\n",
                      port, who->pid));
  }
}

TEST_CASE("more peers than are served at once wait for others to leave") {
  const envoy::Upstream upstream(envoy::answering(envoy::echo));
  std::vector<envoy::Socket> idle;
  while (idle.size() < 264) idle.push_back(envoy::connect_on_loopback(upstream.port()));
  idle.resize(250);
  CHECK(envoy::exchange(upstream.port(), {"GET", "/", {}, "", {}}, {}).status == 200);
}
