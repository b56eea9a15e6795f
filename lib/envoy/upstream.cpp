#include "envoy/upstream.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <list>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "base/text.hpp"

namespace wasmctl::envoy {

namespace {

// With so much to be sent to a peer, no more is read from it.
constexpr std::size_t kMostUnsent = 4U << 20U;

struct Peer {
  Socket socket;
  Responder respond;
  std::string unsent = {};
  bool is_reading = true;

  bool is_done() const { return !is_reading && unsent.empty(); }
  short events() const {
    short events = 0;
    if (is_reading && unsent.size() < kMostUnsent) events |= POLLIN;
    if (!unsent.empty()) events |= POLLOUT;
    return events;
  }
  void give_up() {
    is_reading = false;
    unsent.clear();
  }
};

void read_from(Peer& peer) {
  std::array<char, 65536> buffer;  // NOLINT: filled by recv
  const auto got = ::recv(peer.socket.descriptor(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return peer.give_up();
  if (got == 0) {
    peer.is_reading = false;
    return;
  }
  try {
    peer.unsent += peer.respond({buffer.data(), static_cast<std::size_t>(got)});
  } catch (const std::exception&) {
    peer.is_reading = false;
  }
}

void send_to(Peer& peer) {
  const auto sent =
      ::send(peer.socket.descriptor(), peer.unsent.data(), peer.unsent.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    peer.unsent.erase(0, static_cast<std::size_t>(sent));
  } else if (errno != EAGAIN && errno != EINTR) {
    peer.give_up();
  }
}

void accept_all(int listener, const Responders& responders, std::list<Peer>& peers) {
  while (true) {
    Socket socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.descriptor() < 0) return;
    peers.push_back({std::move(socket), responders()});
  }
}

void serve(int listener, int stop, const Responders& responders) {
  std::list<Peer> peers;
  while (true) {
    std::vector<pollfd> waiting = {{stop, POLLIN, 0}, {listener, POLLIN, 0}};
    for (const auto& peer : peers) waiting.push_back({peer.socket.descriptor(), peer.events(), 0});
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[0].revents != 0) return;
    auto ready = waiting.begin() + 2;
    for (auto& peer : peers) {
      const auto events = (ready++)->revents;
      if (peer.is_reading && (events & (POLLIN | POLLHUP)) != 0) read_from(peer);
      if (!peer.unsent.empty()) send_to(peer);
      if ((events & POLLERR) != 0) peer.give_up();
    }
    std::erase_if(peers, [](const Peer& peer) { return peer.is_done(); });
    if (waiting[1].revents != 0) accept_all(listener, responders, peers);
  }
}

Response answer_or_500(const std::function<Response(const Request&)>& answer,
                       const Request& request) {
  try {
    return answer(request);
  } catch (const std::exception& error) {
    return {500, {{"content-type", "text/plain"}}, fmt::format("{}\n", error.what()), {}};
  }
}

nlohmann::json values_of(const Headers& headers) {
  auto values = nlohmann::json::object();
  for (const auto& [name, value] : headers) values[base::lower(name)].push_back(value);
  return values;
}

}  // namespace

Responders answering(std::function<Response(const Request& request)> answer) {
  return [answer = std::move(answer)] {
    const auto reader = std::make_shared<MessageReader>(MessageReader::Kind::request);
    return [reader, answer](std::string_view bytes) {
      std::string answers;
      for (bool whole = reader->feed(bytes); whole; whole = reader->feed("")) {
        const auto request = reader->take_request();
        answers += to_bytes(answer_or_500(answer, request), request.method);
      }
      return answers;
    };
  };
}

Responders echoing_bytes() {
  return [] { return [](std::string_view bytes) { return std::string(bytes); }; };
}

Response echo(const Request& request) {
  nlohmann::json answer = {{"method", request.method},
                           {"path", request.target},
                           {"headers", values_of(request.headers)},
                           {"body", request.body}};
  if (!request.trailers.empty()) answer["trailers"] = values_of(request.trailers);
  std::string text;
  try {
    text = answer.dump();
  } catch (const nlohmann::json::type_error&) {
    answer.erase("body");
    answer["body_base64"] = base::base64_encode(request.body);
    text = answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  return {200, {{"content-type", "application/json"}, {"server", "echo"}}, text + "\n", {}};
}

Upstream::Upstream(Responders responders)
    : listener_(listen_on_loopback()), stop_(::eventfd(0, EFD_CLOEXEC)) {
  thread_ =
      std::thread([listener = listener_.descriptor(), stop = stop_.descriptor(),
                   responders = std::move(responders)] { serve(listener, stop, responders); });
}

Upstream::~Upstream() {
  constexpr std::uint64_t kOne = 1;
  [[maybe_unused]] const auto written = ::write(stop_.descriptor(), &kOne, sizeof kOne);
  thread_.join();
}

}  // namespace wasmctl::envoy
