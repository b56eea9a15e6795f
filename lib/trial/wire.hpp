// A test of HTTP as it goes over the wire: in HTTP/1.1, phase by phase.
#pragma once

#include <string>
#include <vector>

#include "host/suite/run.hpp"
#include "host/suite/suite.hpp"

namespace wasmctl::trial {

enum class Sender : std::uint8_t { client, server };

struct Step {
  host::Phase phase = host::Phase::request_headers;
  const host::Invocation* invocation = nullptr;  // of the suite; null: what Envoy needs beside
  Sender sender = Sender::client;
  std::string bytes;
  bool ends = false;  // the message has nothing more
};

// Headers without a body that do not end the stream are the head of a body that does not come.
// Throws Error{Code::bad_input} for what HTTP/1.1 cannot say.
std::vector<Step> http_steps(const host::Suite& suite, const host::Test& test);

// The head of a request or response that came, as Envoy shows it to plugins.
host::Pairs request_headers(std::string_view method, std::string_view target,
                            const host::Pairs& headers);
host::Pairs response_headers(int status, const host::Pairs& headers);

}  // namespace wasmctl::trial
