#include "http/http.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace wasmctl::http;  // NOLINT(google-build-using-namespace)

namespace {

enum class Then : bool { nothing, half_close };

// A server that takes one connection, sends `answer`, closes its half of the connection if so
// asked, and then does nothing until it is destroyed.
class Silent {
 public:
  explicit Silent(std::string answer, Then then = Then::nothing)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd_, 1) == 0);
    REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ::ntohs(address.sin_port);
    thread_ = std::jthread([this, then, answer = std::move(answer)] {
      connection_ = ::accept(fd_, nullptr, nullptr);
      CHECK(::send(connection_, answer.data(), answer.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(answer.size()));
      if (then == Then::half_close) ::shutdown(connection_, SHUT_WR);
    });
  }
  ~Silent() {
    thread_.join();
    ::close(connection_);
    ::close(fd_);
  }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;

  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  int connection_ = -1;
  int port_ = 0;
  std::jthread thread_;
};

// How a request to that server fails.
TransportError failure_of(const Silent& server, const Options& options, Request request = {}) {
  Connection connection(options);
  request.url = {"http", server.authority(), "/v2/"};
  try {
    connection.send(request, {});
  } catch (const TransportError& error) {
    return error;
  }
  FAIL("an answer");
  std::abort();
}

const std::vector<std::string> kTryAgain = {"the network or the registry is stuck: try again"};

}  // namespace

TEST_CASE("an upload of which no more is taken is given up after the stall, and so it is said") {
  constexpr std::size_t kMoreThanSocketsHold = 64 * 1024 * 1024;
  for (const auto then : {Then::nothing, Then::half_close}) {
    CAPTURE(then);
    const Silent server("", then);
    Options options;
    options.stall = std::chrono::seconds(1);
    Request request;
    request.method = "PUT";
    request.body = Body(std::string(kMoreThanSocketsHold, 'a'));
    const auto error = failure_of(server, options, std::move(request));
    CHECK(error.kind() == TransportError::Kind::stalled);
    CHECK(error.message() == "`" + server.authority() + "` takes no more of what is sent");
    CHECK(error.causes() == std::vector<std::string>{"nothing went there for 1 seconds"});
    CHECK(error.hints() == kTryAgain);
  }
}

TEST_CASE("a server from which nothing comes is given up after the stall, not later") {
  for (const char* answer : {"", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"}) {
    CAPTURE(answer);
    const Silent server(answer);
    Options options;
    options.stall = std::chrono::seconds(1);
    const auto start = std::chrono::steady_clock::now();
    const auto error = failure_of(server, options);
    CHECK(error.kind() == TransportError::Kind::stalled);
    CHECK(error.message() == "`" + server.authority() + "` does not answer");
    CHECK(error.causes() == std::vector<std::string>{"nothing came for 1 seconds"});
    CHECK(error.hints() == kTryAgain);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  }
}

TEST_CASE("a document that is not whole in time is given up, though it drips") {
  const Silent server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  Options options;
  options.document = std::chrono::seconds(1);
  const auto error = failure_of(server, options);
  CHECK(error.kind() == TransportError::Kind::stalled);
  CHECK(error.message() == "`" + server.authority() + "` takes too long");
  CHECK(error.causes() == std::vector<std::string>{"its answer was not whole after 1 seconds"});
  CHECK(error.hints() == kTryAgain);
}
