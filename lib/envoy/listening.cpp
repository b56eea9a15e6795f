#include "envoy/listening.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

#include "base/error.hpp"
#include "base/text.hpp"
#include "envoy/loopback.hpp"

namespace wasmctl::envoy {

namespace {

namespace fs = std::filesystem;

// Of the sockets that listen on it: proc(5), "/proc/net/tcp". "0A" is TCP_LISTEN.
std::set<std::string> inodes_of(std::uint16_t port) {
  std::set<std::string> inodes;
  const auto ending = fmt::format(":{:04X}", port);
  for (const auto* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
      words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
          timeout >> inode;
      if (state == "0A" && local.ends_with(ending)) {
        inodes.insert(fmt::format("socket:[{}]", inode));
      }
    }
  }
  return inodes;
}

bool has_one(const fs::path& process, const std::set<std::string>& inodes) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(process / "fd", error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (inodes.contains(fs::read_symlink(entry->path(), ignored).native())) return true;
  }
  return false;
}

}  // namespace

std::optional<Listening> listening_on(std::uint16_t port) {
  const auto inodes = inodes_of(port);
  if (inodes.empty()) return std::nullopt;
  std::error_code error;
  for (auto entry = fs::directory_iterator("/proc", error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const auto name = entry->path().filename().native();
    Listening found;
    const auto* const end = name.data() + name.size();
    if (std::from_chars(name.data(), end, found.pid).ptr != end) continue;
    if (!has_one(entry->path(), inodes)) continue;
    std::ifstream comm(entry->path() / "comm");
    std::getline(comm, found.program);
    return found;
  }
  return std::nullopt;
}

void require_free_port(std::uint16_t port) {
  if (port == 0) return;
  const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.descriptor() < 0) return;  // Envoy will say why
  constexpr int kOn = 1;  // as Envoy does: a port whose last connections are just over is free
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
      0) {
    return;
  }
  const int why = errno;
  Error error(Code::network, fmt::format("cannot listen on 127.0.0.1:{}: {}", port,
                                         base::lower(std::strerror(why))));
  if (why != EADDRINUSE) throw error;
  if (const auto who = listening_on(port)) {
    error.because(fmt::format("`{}` (process {}) has it", who->program, who->pid));
  }
  throw error.hint("take another one, or 0 for any that is free");
}

}  // namespace wasmctl::envoy
