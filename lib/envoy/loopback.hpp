// Sockets on 127.0.0.1 and in files, and requests over them: to the listener and the admin
// interface of an Envoy that runs here.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "envoy/message.hpp"

namespace wasmctl::envoy {

// An open descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket();
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// Listens on a free port of 127.0.0.1; does not block.
Socket listen_on_loopback();
std::uint16_t port_of(const Socket& socket);

struct Patience {
  std::chrono::milliseconds time{30'000};  // for all of an exchange
  int stop = -1;                           // a descriptor: once it is readable, no more is waited
};

// Connects to 127.0.0.1. Throws Error{Code::network}.
Socket connect_on_loopback(std::uint16_t port);

// The same to a Unix socket, of a path of any length.
Socket connect_to_file(const std::filesystem::path& path);

// One request on a connection of its own, and what it is answered; nothing is added to the request
// but its framing. Throws Error{Code::network} if there is no answer, Error{Code::interrupted} if
// it was stopped.
Response exchange(std::uint16_t port, const Request& request, const Patience& patience);

// The same over a connection to `peer`, as messages call it.
Response exchange(Socket connection, const std::string& peer, const Request& request,
                  const Patience& patience);

// The same over TCP without HTTP: sends all, closes its side, returns all that comes until the end,
// which is at most kMaxBodyBytes.
std::string exchange_bytes(std::uint16_t port, const std::string& bytes, const Patience& patience);

}  // namespace wasmctl::envoy
