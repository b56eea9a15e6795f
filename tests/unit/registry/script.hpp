// A network whose servers answer by a script, in its order, to one thread.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "http/network.hpp"

namespace wasmctl::test {

using Headers = std::multimap<std::string, std::string>;

struct Answer {
  int status;
  Headers headers = {};  // names in lower case
  std::string body = {};
};

using Failure = http::TransportError::Kind;

// `asked`: "PUT /v2/a/1?digest=D 0-99 +100 as me", the range of Content-Range, the size of the body
// and the login where there are any; with scheme and host where that is not the registry's.
struct Exchange {
  std::string asked;
  std::variant<Answer, Failure> then;
};

inline constexpr char kHost[] = "r.example";

class Script {
 public:
  explicit Script(std::vector<Exchange> exchanges) : left_(std::move(exchanges)) {}

  // Everything was asked that was to be.
  void check_done() const {
    for (std::size_t i = next_; i < left_.size(); ++i) {
      FAIL_CHECK("never asked: " << left_[i].asked);
    }
  }

  http::Network network() {
    return {[this] { return std::make_unique<Wire>(*this); },
            [](std::chrono::milliseconds, const std::stop_token&) {}};
  }

 private:
  class Wire : public http::Transport {
   public:
    explicit Wire(Script& script) : script_(script) {}
    http::Response send(const http::Request& request, const std::stop_token&) override {
      return script_.answer(request);
    }

   private:
    Script& script_;
  };

  static std::string shown(const http::Request& request) {
    const bool here = request.url.authority == kHost;
    auto line =
        fmt::format("{} {}", request.method, here ? request.url.target : to_string(request.url));
    for (const auto& [name, value] : request.headers) {
      if (name == "Content-Range") line += " " + value;
    }
    if (request.body && request.body->size > 0) line += fmt::format(" +{}", request.body->size);
    const auto& login = request.authorization;
    if (login.starts_with("Basic ")) line += " as me";
    if (login.starts_with("Bearer ")) line += " by " + login.substr(7);
    return line;
  }

  http::Response answer(const http::Request& request) {
    const auto line = shown(request);
    if (next_ == left_.size()) {
      FAIL_CHECK("asked beyond the script: " << line);
      throw http::TransportError(Failure::stopped, {Code::network, "the script has ended"});
    }
    const auto& [asked, then] = left_[next_++];
    CHECK(line == asked);
    if (const auto* kind = std::get_if<Failure>(&then)) {
      throw http::TransportError(*kind, {Code::network, "the connection broke"});
    }
    const auto& said = std::get<Answer>(then);
    http::Response response{said.status, said.headers, said.body, request.url};
    if (request.sink && http::is_success(response)) {
      request.sink(response, std::exchange(response.body, ""));
    }
    return response;
  }

  std::vector<Exchange> left_;
  std::size_t next_ = 0;
};

}  // namespace wasmctl::test
