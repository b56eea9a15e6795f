// HTTP: one connection, one request at a time, an answer of bounded size. Knows nothing of
// registries. libcurl stays behind this header.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/content.hpp"
#include "base/error.hpp"
#include "http/url.hpp"

namespace wasmctl::http {

// What a connection with TLS trusts, and shows. All files are PEM.
struct TlsOptions {
  std::string ca_file;       // authorities, in place of all others
  std::string cert_file;     // of the client; empty: none
  std::string key_file;      // its key
  bool skip_verify = false;  // of the server

  std::string authorities;  // PEM, besides the system's
  std::string system_file;  // in place of the system's one file; empty: that
  // Of files named by hashes (openssl rehash), divided by colons, in place of the system's one.
  std::string system_directories;
};

// A proxy's URL, by the scheme of what is asked; empty: none. What is on this machine is asked
// directly.
struct ProxyOptions {
  std::string http;
  std::string https;
  std::string exceptions;  // as NO_PROXY has them: no_proxy.hpp
};

// For 407, whoever gave it: the proxy that was asked to pass the request on, or to connect.
inline constexpr char kProxyLoginHint[] =
    "name the proxy with its login in HTTP_PROXY and HTTPS_PROXY: http://USER:PASSWORD@HOST";

// A server that takes no connection within this does not answer.
inline constexpr std::chrono::seconds kConnectTime{15};

struct Options {
  TlsOptions tls;
  ProxyOptions proxy;
  // Less than 64 bytes a second for so long is a stall: the time that a registry may need to store
  // a large blob before it answers, and no invitation to drip.
  std::chrono::seconds stall{60};
  // A request without a large body whose answer goes to no sink (a document, a token) ends within
  // this, however steadily it drips.
  std::chrono::seconds document{300};
};

// What is sent: all of some content, or a part of it. Read piece by piece as it goes out.
struct Body {
  Body() = default;  // of no bytes
  explicit Body(base::Content all) : content(std::move(all)), size(content.size()) {}
  Body(base::Content all, std::uint64_t start, std::uint64_t length)
      : content(std::move(all)), offset(start), size(length) {}

  base::Content content;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct Response {
  int status = 0;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;  // of an error or redirect, at most its first 64 KiB
  Url url = {};      // that was answered: after a redirect not the one that was asked first

  // The first header of that name; empty if there is none.
  std::string header(const std::string& name) const;
};

// 2xx.
bool is_success(const Response& response);

struct Request {
  std::string method = "GET";
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string authorization;                   // the header's value; never logged
  std::optional<Body> body;                    // none: no Content-Length is sent
  std::function<void(std::uint64_t)> on_sent;  // told of bytes of the body as they go; may be empty
  std::uint64_t max_answer_bytes = 64 * 1024;
  // Takes the content of an answer with status 2xx as it comes, in place of Response::body. Is
  // given the answer's status and headers. What it throws ends the request.
  std::function<void(const Response& head, std::string_view bytes)> sink;
};

// No answer, or one that is no HTTP or too long.
class TransportError : public Error {
 public:
  enum class Kind {
    unresolved,   // no address for the name
    unconnected,  // refused or unreachable: nothing was sent
    refused,      // by the proxy, which was to connect: nothing was sent
    tls,          // no TLS session: nothing was sent
    certificate,  // the same, since one side does not take the other's certificate
    silent,       // the server took the request and closed without a word
    broken,       // the connection ended in the middle
    stalled,      // nothing came for Options::stall, or too little for Options::document
    malformed,    // the answer is no HTTP, or larger than was asked for
    stopped,      // by the stop token
  };
  TransportError(Kind kind, Error error) : Error(std::move(error)), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// What sends requests. For one thread at a time.
class Transport {
 public:
  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Sends and waits. Any HTTP status is an answer; redirects are not followed. Throws
  // TransportError.
  virtual Response send(const Request& request, const std::stop_token& stop) = 0;
};

// Keeps its TCP connection open between requests to the same server.
class Connection : public Transport {
 public:
  explicit Connection(Options options);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Response send(const Request& request, const std::stop_token& stop) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wasmctl::http
