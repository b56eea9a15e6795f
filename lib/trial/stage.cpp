#include "trial/stage.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace wasmctl::trial {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Null: nobody asks.
std::optional<envoy::Socket> accept_one(const envoy::Socket& listener) {
  envoy::Socket socket(
      ::accept4(listener.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket.descriptor() < 0) return std::nullopt;
  return socket;
}

}  // namespace

// --- One end

void Side::vanish() {
  const linger at_once{1, 0};
  ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_ = envoy::Socket();
}

short Side::events() const {
  short events = has_ended_ ? 0 : POLLIN;
  if (!waiting_.empty() || (ends_ && !is_shut_)) events |= POLLOUT;
  return events;
}

void Side::handle(short events) {
  if ((events & POLLOUT) != 0) send_some();
  if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) receive_some();
}

void Side::send_some() {
  if (!waiting_.empty()) {
    const auto sent =
        ::send(socket_.descriptor(), waiting_.data(), waiting_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) waiting_.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN && errno != EINTR) waiting_.clear();  // nobody reads it
  }
  if (!waiting_.empty() || !ends_ || is_shut_) return;
  ::shutdown(socket_.descriptor(), SHUT_WR);
  is_shut_ = true;
}

void Side::receive_some() {
  std::array<char, 65536> buffer;  // NOLINT: filled by recv
  const auto got = ::recv(socket_.descriptor(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got > 0) {
    received_.append(buffer.data(), static_cast<std::size_t>(got));
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    has_ended_ = true;
  }
}

// --- All of them

Stage::Stage(const base::StopSignals* stop)
    : stop_(stop), server_listener_(envoy::listen_on_loopback()) {}

std::uint16_t Stage::called_port(const std::string& cluster) {
  auto found = called_listeners_.find(cluster);
  if (found == called_listeners_.end())
    found = called_listeners_.emplace(cluster, envoy::listen_on_loopback()).first;
  return envoy::port_of(found->second);
}

void Stage::clear() {
  client_ = Side();
  server_ = Side();
  called_.clear();
  while (accept_one(server_listener_)) {
  }
}

void Stage::connect(std::uint16_t port) {
  client_ = Side(envoy::connect_on_loopback(port));
}

bool Stage::wait(const std::function<bool()>& is_done, milliseconds patience) {
  constexpr milliseconds kLook{5};  // what is waited for may be no socket's
  const auto deadline = Clock::now() + patience;
  while (!is_done()) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    happen(std::min(left, kLook));
  }
  return true;
}

void Stage::happen(milliseconds at_most) {
  std::vector<pollfd> waiting;
  std::vector<std::function<void(short)>> handlers;
  const auto watch = [&](int descriptor, short events, std::function<void(short)> handle) {
    waiting.push_back({descriptor, events, 0});
    handlers.push_back(std::move(handle));
  };
  const auto watch_side = [&](Side& side) {
    if (!side.is_there() || (side.has_ended() && side.events() == 0)) return;
    watch(side.descriptor(), side.events(), [&side](short events) { side.handle(events); });
  };
  if (stop_ != nullptr) watch(stop_->descriptor(), POLLIN, [this](short) { stop_->check(); });
  watch(server_listener_.descriptor(), POLLIN, [this](short) { accept_server(); });
  watch_side(client_);
  watch_side(server_);
  for (auto& called : called_) {
    if (!called.side.is_there()) continue;
    if (called.side.has_ended() && called.side.events() == 0) continue;
    watch(called.side.descriptor(), called.side.events(), [this, &called](short events) {
      called.side.handle(events);
      serve(called);
    });
  }
  if (::poll(waiting.data(), waiting.size(), static_cast<int>(at_most.count())) > 0) {
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents != 0) handlers[i](waiting[i].revents);
    }
  }
  // Behind the loop, since it moves what the handlers point to.
  for (const auto& [cluster, listener] : called_listeners_) accept_called(cluster, listener);
}

void Stage::accept_server() {
  auto socket = accept_one(server_listener_);
  if (socket && !server_.is_there()) server_ = Side(*std::move(socket));
}

void Stage::accept_called(const std::string& cluster, const envoy::Socket& listener) {
  while (auto socket = accept_one(listener)) {
    auto& called = called_.emplace_back();
    called.side = Side(*std::move(socket));
    called.cluster = cluster;
  }
}

void Stage::serve(Called& called) {
  const auto& received = called.side.received();
  const auto more = std::string_view(received).substr(called.read);
  called.read = received.size();
  try {
    if (more.empty() || !called.reader.feed(more)) return;
  } catch (const Error&) {
    called.side.vanish();  // not HTTP/1.1
    return;
  }
  const auto reply = answer_(called.cluster, called.reader.take_request());
  called.side.send(reply.bytes);
  if (reply.closes) called.side.end();
}

}  // namespace wasmctl::trial
