// What is behind an Envoy that runs here: a server on loopback that answers as it is told.
//
//     Upstream upstream(answering([](const Request& request) { return Response{...}; }));
//     ... upstream.port() ...
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "envoy/loopback.hpp"
#include "envoy/message.hpp"

namespace wasmctl::envoy {

// One connection: given the bytes that come, what is to be sent back. What it throws closes the
// connection.
using Responder = std::function<std::string(std::string_view bytes)>;
// Called for each connection.
using Responders = std::function<Responder()>;

// HTTP/1.1. `answer` is called once a request, when that is whole; what it throws is answered 500.
// A peer that sends no HTTP is cut off.
Responders answering(std::function<Response(const Request& request)> answer);

// Sends back what comes.
Responders echoing_bytes();

// Answers with what came, as JSON: {"method", "path", "headers": {"name": ["value"]}, "body"},
// names in lower case; "trailers" if there are any; a body that is no UTF-8 as "body_base64", of
// one of more than 1 MiB "body_bytes" and "body_sha256" alone.
Response echo(const Request& request);

// One thread for all connections: what it calls, it calls on that, one after the other. A peer that
// does not read what is sent is not read from.
class Upstream {
 public:
  explicit Upstream(Responders responders);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  std::uint16_t port() const { return port_of(listener_); }

 private:
  Socket listener_;
  Socket stop_;  // an eventfd
  std::thread thread_;
};

}  // namespace wasmctl::envoy
