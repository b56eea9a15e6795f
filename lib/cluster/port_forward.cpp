#include "cluster/port_forward.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "base/error.hpp"
#include "envoy/loopback.hpp"
#include "envoy/process.hpp"

namespace wasmctl::cluster {

namespace {

constexpr std::chrono::seconds kTimeToForward{15};
constexpr std::chrono::seconds kTimeToAnswer{15};
constexpr std::size_t kForwardsAtOnce = 8;

// "Forwarding from 127.0.0.1:43210 -> 19000"
std::uint16_t port_in(std::string_view line) {
  constexpr std::string_view kWords = "Forwarding from 127.0.0.1:";
  std::uint16_t port = 0;
  if (line.starts_with(kWords)) {
    std::from_chars(line.data() + kWords.size(), line.data() + line.size(), port);
  }
  return port;
}

// One kubectl that forwards while it exists.
class Forward {
 public:
  explicit Forward(const std::vector<std::string>& argv)
      : process_(
            argv, ".", [this](std::string_view line) { take(port_in(line), {}); },
            [this](std::string_view line) { take(0, line); }) {}

  Answer ask(const std::string& path) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kTimeToForward, [this] { return port_ != 0 || !why_.empty(); });
    if (port_ == 0) return {outcome_of_words(), {}, why_.empty() ? "it did not begin" : why_};
    const auto port = port_;
    lock.unlock();
    try {
      const auto response = envoy::exchange(
          port, {.target = path, .headers = {{"host", "localhost"}}, .body = {}, .trailers = {}},
          {.time = kTimeToAnswer});
      return {Outcome::ok, response.body, {}};
    } catch (const Error& error) {
      return {Outcome::failed, {}, error.message()};
    }
  }

 private:
  void take(std::uint16_t port, std::string_view word) {
    const std::lock_guard lock(mutex_);
    if (port != 0) port_ = port;
    if (!word.empty()) why_ = word.substr(0, 400);
    changed_.notify_all();
  }

  Outcome outcome_of_words() const {
    return why_.find("orbidden") == std::string::npos ? Outcome::failed : Outcome::forbidden;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint16_t port_ = 0;
  std::string why_;
  envoy::Process process_;  // last: its threads use the others
};

}  // namespace

Arguments forward_question(const Pod& pod) {
  return {"port-forward",
          "pod/" + pod.name,
          "-n",
          pod.ns,
          "--address",
          "127.0.0.1",
          fmt::format(":{}", kGatewayAdminPort)};
}

std::vector<Answer> ask_admin_ports(const Kubectl& kubectl, const std::vector<const Pod*>& pods,
                                    const std::string& path) {
  std::vector<Answer> answers;
  for (std::size_t begin = 0; begin < pods.size(); begin += kForwardsAtOnce) {
    std::vector<std::unique_ptr<Forward>> forwards;
    const auto end = std::min(pods.size(), begin + kForwardsAtOnce);
    for (auto i = begin; i < end; ++i) {
      forwards.push_back(std::make_unique<Forward>(kubectl.command(forward_question(*pods[i]))));
    }
    for (const auto& forward : forwards) answers.push_back(forward->ask(path));
  }
  return answers;
}

}  // namespace wasmctl::cluster
