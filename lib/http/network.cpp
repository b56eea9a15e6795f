#include "http/network.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "http/headers.hpp"

namespace wasmctl::http {

namespace {

using Kind = TransportError::Kind;

constexpr std::chrono::milliseconds kFirstDelay{200};
constexpr std::chrono::seconds kMaxPause{30};

void sleep(std::chrono::milliseconds time, const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kStep{10};
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end && !stop.stop_requested()) {
    std::this_thread::sleep_for(kStep);
  }
}

}  // namespace

Network real_network(Options options) {
  return {[options = std::move(options)] { return std::make_unique<Connection>(options); }, &sleep};
}

bool is_transient(const Response& response) {
  const auto status = response.status;
  const bool passes = status == 408 || status == 429 || status == 500 || status == 502 ||
                      status == 503 || status == 504;
  return passes && asked_pause(response) <= kMaxPause;
}

bool is_transient(const TransportError& error) {
  return error.kind() == Kind::silent || error.kind() == Kind::broken;
}

void wait_before_retry(const Network& network, int attempt, const Response* answer,
                       const std::stop_token& stop) {
  // Half of the delay is chance, so that many clients do not come back at once.
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto half = (kFirstDelay * (1 << attempt)).count() / 2;
  std::chrono::milliseconds delay(half + std::uniform_int_distribution<long>(0, half)(random));
  if (answer != nullptr) {
    delay = std::max<std::chrono::milliseconds>(delay, std::min(asked_pause(*answer), kMaxPause));
  }
  network.pause(delay, stop);
}

Response send_with_retries(const Network& network, const std::function<Response()>& send,
                           const std::function<bool(const TransportError&)>& may_pass,
                           const std::stop_token& stop) {
  for (int attempt = 0;; ++attempt) {
    std::optional<Response> answer;
    try {
      answer = send();
      if (attempt == kMaxRetries || !is_transient(*answer)) return std::move(*answer);
    } catch (const TransportError& error) {
      if (attempt == kMaxRetries || !may_pass(error)) throw;
    }
    base::log_info("once more");
    wait_before_retry(network, attempt, answer ? &*answer : nullptr, stop);
  }
}

}  // namespace wasmctl::http
