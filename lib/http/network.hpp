// The network as a client sees it: connections to be had, and time that passes between tries.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

#include "http/http.hpp"

namespace wasmctl::http {

struct Network {
  // A further connection, for one thread at a time.
  std::function<std::unique_ptr<Transport>()> connect;
  // Waits, at most until it is stopped.
  std::function<void(std::chrono::milliseconds, const std::stop_token&)> pause;
};

// By libcurl, and in real time.
Network real_network(Options options);

// How often what passes is tried again.
inline constexpr int kMaxRetries = 3;

// Answers and failures that another try may not meet. An answer that asks for a long pause is none:
// nobody waits so long.
bool is_transient(const Response& response);
bool is_transient(const TransportError& error);

// Waits before try `attempt` + 1, longer from try to try, or as long as the answer asks; null:
// there was none.
void wait_before_retry(const Network& network, int attempt, const Response* answer,
                       const std::stop_token& stop);

// The answer of `send`, which is called again while what it meets may pass, at most kMaxRetries
// times. `may_pass` judges failures.
Response send_with_retries(const Network& network, const std::function<Response()>& send,
                           const std::function<bool(const TransportError&)>& may_pass,
                           const std::stop_token& stop);

}  // namespace wasmctl::http
