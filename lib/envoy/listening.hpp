// Who listens on a port of this machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace wasmctl::envoy {

struct Listening {
  int pid = 0;
  std::string program;  // its name, at most 15 bytes, as the kernel has it
};

// As far as /proc tells: of others' processes only root is told. Null if nobody is seen.
std::optional<Listening> listening_on(std::uint16_t port);

// Throws Error{Code::network} if 127.0.0.1 has no such port to give, with who has it. 0: any will
// do.
void require_free_port(std::uint16_t port);

}  // namespace wasmctl::envoy
