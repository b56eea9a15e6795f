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
#include "base/sha256.hpp"
#include "base/text.hpp"

namespace wasmctl::envoy {

namespace {

// With so much to be sent to a peer, no more is read from it.
constexpr std::size_t kMostUnsent = 4U << 20U;
constexpr std::size_t kMostPeers = 256;
// Before a peer is accepted again when none could be: somebody may have left.
constexpr int kPauseMs = 50;
// Of a longer body the echo says what it is, not all of it.
constexpr std::size_t kLongestEcho = 1U << 20U;

struct Peer {
  Socket socket;
  Responder respond;
  std::string answers = {};
  std::size_t sent = 0;  // of them
  bool is_reading = true;

  std::size_t unsent() const { return answers.size() - sent; }
  bool is_done() const { return !is_reading && unsent() == 0; }
  short events() const {
    short events = 0;
    if (is_reading && unsent() < kMostUnsent) events |= POLLIN;
    if (unsent() > 0) events |= POLLOUT;
    return events;
  }
  // What is sent is let go once it is half of all, so that each byte is moved at most once.
  void note_sent(std::size_t size) {
    sent += size;
    if (sent < unsent()) return;
    answers.erase(0, sent);
    sent = 0;
  }
  void give_up() {
    is_reading = false;
    answers.clear();
    sent = 0;
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
    peer.answers += peer.respond({buffer.data(), static_cast<std::size_t>(got)});
  } catch (const std::exception&) {
    peer.is_reading = false;
  }
}

void send_to(Peer& peer) {
  const auto sent = ::send(peer.socket.descriptor(), peer.answers.data() + peer.sent, peer.unsent(),
                           MSG_NOSIGNAL);
  if (sent >= 0) {
    peer.note_sent(static_cast<std::size_t>(sent));
  } else if (errno != EAGAIN && errno != EINTR) {
    peer.give_up();
  }
}

// False if no more can be accepted by now: there are enough, or no descriptor is left.
bool accept_all(int listener, const Responders& responders, std::list<Peer>& peers) {
  while (peers.size() < kMostPeers) {
    Socket socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.descriptor() < 0) return errno != EMFILE && errno != ENFILE;
    peers.push_back({std::move(socket), responders()});
  }
  return false;
}

void serve(int listener, int stop, const Responders& responders) {
  std::list<Peer> peers;
  bool is_accepting = true;
  while (true) {
    std::vector<pollfd> waiting = {{stop, POLLIN, 0}, {is_accepting ? listener : -1, POLLIN, 0}};
    for (const auto& peer : peers) waiting.push_back({peer.socket.descriptor(), peer.events(), 0});
    if (::poll(waiting.data(), waiting.size(), is_accepting ? -1 : kPauseMs) < 0) continue;
    if (waiting[0].revents != 0) return;
    auto ready = waiting.begin() + 2;
    for (auto& peer : peers) {
      const auto events = (ready++)->revents;
      if (peer.is_reading && (events & (POLLIN | POLLHUP)) != 0) read_from(peer);
      if (peer.unsent() > 0) send_to(peer);
      if ((events & POLLERR) != 0) peer.give_up();
    }
    std::erase_if(peers, [](const Peer& peer) { return peer.is_done(); });
    is_accepting = waiting[1].revents == 0 || accept_all(listener, responders, peers);
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
                           {"headers", values_of(request.headers)}};
  if (request.body.size() > kLongestEcho) {
    answer["body_bytes"] = request.body.size();
    answer["body_sha256"] = base::sha256_hex(request.body);
  } else {
    answer["body"] = request.body;
  }
  if (!request.trailers.empty()) answer["trailers"] = values_of(request.trailers);
  std::string text;
  try {
    text = answer.dump();
  } catch (const nlohmann::json::type_error&) {
    if (answer.erase("body") > 0) answer["body_base64"] = base::base64_encode(request.body);
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
