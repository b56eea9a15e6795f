// Both ends of the wire that an Envoy is in the middle of: the client before it, the server behind
// it, and the servers that its plugins call. One thread has them all, so what happens when is its
// to say.
//
//     Stage stage(nullptr);
//     ... an Envoy with an upstream at stage.server_port() ...
//     stage.connect(port);
//     stage.client().send("GET / HTTP/1.1\r\n...");
//     stage.wait([&] { return !stage.server().received().empty(); }, 1s);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/stop_signals.hpp"
#include "envoy/loopback.hpp"
#include "envoy/message.hpp"

namespace wasmctl::trial {

// One end of a connection.
class Side {
 public:
  Side() = default;
  explicit Side(envoy::Socket socket) : socket_(std::move(socket)) {}

  bool is_there() const { return socket_.descriptor() >= 0; }
  const std::string& received() const { return received_; }
  // The peer sends nothing more.
  bool has_ended() const { return has_ended_; }

  void send(std::string_view bytes) { waiting_ += bytes; }
  // Sends nothing more, once all has been sent.
  void end() { ends_ = true; }
  // Goes at once, without a word.
  void vanish();

  // For the one who polls.
  int descriptor() const { return socket_.descriptor(); }
  short events() const;
  void handle(short events);

 private:
  void send_some();
  void receive_some();

  envoy::Socket socket_;
  std::string received_;
  std::string waiting_;
  bool has_ended_ = false;
  bool ends_ = false;
  bool is_shut_ = false;
};

// What a server that is called does with a request.
struct Reply {
  std::string bytes;    // empty: it says nothing
  bool closes = false;  // behind them
};

class Stage {
 public:
  using Answer = std::function<Reply(const std::string& cluster, envoy::Request request)>;

  // `stop` ends all waiting with Error{Code::interrupted}; null: nothing does. It must outlive the
  // object.
  explicit Stage(const base::StopSignals* stop);

  std::uint16_t server_port() const { return envoy::port_of(server_listener_); }
  // Of the server that stands for this cluster.
  std::uint16_t called_port(const std::string& cluster);
  // Who answers those.
  void answer_with(Answer answer) { answer_ = std::move(answer); }

  // Forgets all connections.
  void clear();
  void connect(std::uint16_t port);
  Side& client() { return client_; }
  // The first one that came; not there until one does.
  Side& server() { return server_; }

  // Lets things happen until `is_done`; false: it took longer than that.
  bool wait(const std::function<bool()>& is_done, std::chrono::milliseconds patience);

 private:
  struct Called {
    Side side;
    std::string cluster;
    envoy::MessageReader reader{envoy::MessageReader::Kind::request};
    std::size_t read = 0;  // of what has come
  };
  void happen(std::chrono::milliseconds at_most);
  void accept_server();
  void accept_called(const std::string& cluster, const envoy::Socket& listener);
  void serve(Called& called);

  const base::StopSignals* stop_;
  envoy::Socket server_listener_;
  std::map<std::string, envoy::Socket> called_listeners_;
  Answer answer_;
  Side client_;
  Side server_;
  std::vector<Called> called_;
};

}  // namespace wasmctl::trial
