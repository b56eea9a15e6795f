// HTTP/1.1 messages, as bytes on loopback: between us and the Envoy that runs here, in both
// directions. Source: RFC 9112.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasmctl::envoy {

// In the order of the message; a name may stand twice. Names as they came or are to be sent.
using Headers = std::vector<std::pair<std::string, std::string>>;

// The most that is taken of a body, from whomever.
inline constexpr std::size_t kMaxBodyBytes = 64U << 20U;

// The value of the first header of that name, which is in lower case; null if there is none.
std::optional<std::string> find_header(const Headers& headers, std::string_view name);

struct Request {
  std::string method = "GET";
  std::string target = "/";
  Headers headers;  // with Host
  std::string body;
  Headers trailers;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  Headers trailers;
};

// What is sent: with `content-length`, or in chunks if there are trailers, unless the headers say
// which. A request without a body has neither.
std::string to_bytes(const Request& request);
// `method` is the request's: to HEAD the body is not sent.
std::string to_bytes(const Response& response, std::string_view method);

// Reads one message from bytes that come in any pieces. What a peer may send is bounded: 1 MiB of
// head or trailers, 64 MiB of body.
class MessageReader {
 public:
  enum class Kind : std::uint8_t {
    request,
    response,
    response_to_head,  // without a body, whatever its headers say
  };
  explicit MessageReader(Kind kind) : kind_(kind) {}

  // True once the message is whole. Throws Error{Code::bad_input} for what is no HTTP.
  bool feed(std::string_view bytes);
  // The peer closed. True if that is the message's end, as for a response without a length.
  bool close();
  // Not a byte of the message has come.
  bool is_empty() const { return state_ == State::head && buffer_.empty(); }

  // What there is of a message by now, once its head has come.
  bool has_head() const { return state_ != State::head; }
  Request request_so_far() const;
  Response response_so_far() const;

  // Of a whole message; the reader then is at the next one, whose first bytes may have come.
  Request take_request();
  // Interim ones (1xx) are skipped.
  Response take_response();

 private:
  enum class State : std::uint8_t { head, fixed, chunk_size, chunk, trailers, until_close, done };
  bool advance();
  bool read_head();
  void begin_body();
  bool read_chunk_size();
  bool read_chunk();
  bool read_trailers();
  std::optional<std::string> take_line();
  void reset();
  std::string body_so_far() const;

  Kind kind_;
  State state_ = State::head;
  std::string buffer_;  // what has come and is not read
  std::string first_line_;
  int status_ = 0;  // of a response
  Headers headers_;
  std::string body_;
  Headers trailers_;
  std::size_t trailer_bytes_ = 0;
  unsigned interim_ = 0;  // responses before this one
  std::size_t left_ = 0;  // of the body, or of the chunk with its line end
};

}  // namespace wasmctl::envoy
