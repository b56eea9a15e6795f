#include "envoy/loopback.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace wasmctl::envoy {

namespace {

using Clock = std::chrono::steady_clock;

Error network_error(std::string_view peer, std::string_view why) {
  return Error(Code::network, fmt::format("{}: {}", peer, why));
}

std::string name_of(std::uint16_t port) {
  return fmt::format("127.0.0.1:{}", port);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Socket make_socket(int family, int flags) {
  Socket socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (socket.descriptor() < 0) {
    throw Error(Code::network, fmt::format("cannot make a socket: {}", std::strerror(errno)));
  }
  return socket;
}

// One exchange of bytes, in both directions at once: a server may answer before it has read all.
class Exchange {
 public:
  Exchange(Socket socket, std::string peer, const Patience& patience)
      : peer_(std::move(peer)),
        socket_(std::move(socket)),
        stop_(patience.stop),
        seconds_(std::chrono::duration<double>(patience.time).count()),
        deadline_(Clock::now() + patience.time) {}

  // Sends `bytes`; hands what comes to `take` until that says it was all, or the peer closes.
  void run(std::string_view bytes, bool half_close,
           const std::function<bool(std::string_view)>& take) {
    std::array<char, 65536> buffer;  // NOLINT: filled by recv
    bool is_open = true;             // our side
    while (true) {
      if (bytes.empty() && is_open && half_close) {
        ::shutdown(socket_.descriptor(), SHUT_WR);
        is_open = false;
      }
      const auto events = wait(bytes.empty() ? POLLIN : POLLIN | POLLOUT);
      if (!bytes.empty() && (events & POLLOUT) != 0) send_some(bytes);
      if ((events & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      const auto got = ::recv(socket_.descriptor(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (got < 0) throw network_error(peer_, std::strerror(errno));
      has_answer_ = true;
      if (got == 0 || take({buffer.data(), static_cast<std::size_t>(got)})) return;
    }
  }

 private:
  Error too_late() const {
    const auto* const what = has_answer_ ? "an answer without an end" : "no answer";
    return network_error(peer_, fmt::format("{} within {} s", what, seconds_));
  }

  short wait(int events) const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
    if (left.count() <= 0) throw too_late();
    std::array<pollfd, 2> waiting = {
        {{socket_.descriptor(), static_cast<short>(events), 0}, {stop_, POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) throw network_error(peer_, std::strerror(errno));
    if (ready == 0) throw too_late();
    if (stop_ >= 0 && waiting[1].revents != 0) {
      throw Error(Code::interrupted, "stopped by a signal");
    }
    return waiting[0].revents;
  }

  void send_some(std::string_view& bytes) const {
    const auto sent =
        ::send(socket_.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    // A peer that reads no more may have answered.
    if (sent < 0 && errno != EAGAIN && errno != EINTR) bytes = {};
  }

  std::string peer_;
  Socket socket_;
  int stop_;
  double seconds_;
  Clock::time_point deadline_;
  bool has_answer_ = false;  // a part of it
};

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Socket listen_on_loopback() {
  auto socket = make_socket(AF_INET, SOCK_NONBLOCK);
  const auto address = loopback(0);
  if (::bind(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
          0 ||
      ::listen(socket.descriptor(), SOMAXCONN) != 0) {
    throw Error(Code::network, fmt::format("cannot listen on 127.0.0.1: {}", std::strerror(errno)));
  }
  return socket;
}

std::uint16_t port_of(const Socket& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

Socket connect_on_loopback(std::uint16_t port) {
  auto socket = make_socket(AF_INET, 0);
  const auto address = loopback(port);
  if (::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      0) {
    throw network_error(name_of(port), std::strerror(errno));
  }
  return socket;
}

// An address has room for 107 bytes: the socket is named by its directory's descriptor.
Socket connect_to_file(const std::filesystem::path& path) {
  auto socket = make_socket(AF_UNIX, 0);
  const Socket directory(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto name =
      fmt::format("/proc/self/fd/{}/{}", directory.descriptor(), path.filename().native());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(std::begin(address.sun_path), sizeof address.sun_path - 1);
  if (::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      0) {
    throw network_error(path.native(), std::strerror(errno));
  }
  return socket;
}

Response exchange(std::uint16_t port, const Request& request, const Patience& patience) {
  return exchange(connect_on_loopback(port), name_of(port), request, patience);
}

Response exchange(Socket connection, const std::string& peer, const Request& request,
                  const Patience& patience) {
  const bool is_head = request.method == "HEAD";
  MessageReader reader(is_head ? MessageReader::Kind::response_to_head
                               : MessageReader::Kind::response);
  bool is_whole = false;
  Exchange exchange(std::move(connection), peer, patience);
  exchange.run(to_bytes(request), false,
               [&](std::string_view bytes) { return is_whole = reader.feed(bytes); });
  if (!is_whole && !reader.close()) {
    throw network_error(peer, reader.is_empty() ? "the connection was closed without an answer"
                                                : "the connection was closed within the answer");
  }
  return reader.take_response();
}

std::string exchange_bytes(std::uint16_t port, const std::string& bytes, const Patience& patience) {
  std::string answer;
  Exchange exchange(connect_on_loopback(port), name_of(port), patience);
  exchange.run(bytes, true, [&](std::string_view more) {
    answer += more;
    if (answer.size() > kMaxBodyBytes) {
      throw network_error(name_of(port), fmt::format("an answer without an end: more than {} bytes",
                                                     kMaxBodyBytes));
    }
    return false;
  });
  return answer;
}

}  // namespace wasmctl::envoy
