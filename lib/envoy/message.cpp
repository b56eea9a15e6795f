#include "envoy/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/text.hpp"

namespace wasmctl::envoy {

namespace {

constexpr std::size_t kMaxHeadBytes = 1U << 20U;
// More are sent by nobody who means to answer.
constexpr unsigned kMostInterim = 100;

Error no_http(std::string_view why) {
  return Error(Code::bad_input, fmt::format("not an HTTP/1.1 message: {}", why));
}

std::pair<std::string, std::string> parse_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) throw no_http("a header without a name");
  return {std::string(line.substr(0, colon)), std::string(base::trimmed(line.substr(colon + 1)))};
}

std::size_t parse_number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || at != text.data() + text.size())
    throw no_http("a length that is none");
  if (value > kMaxBodyBytes) throw no_http(fmt::format("more than {} bytes", kMaxBodyBytes));
  return value;
}

std::string lines_of(const Headers& headers) {
  std::string text;
  for (const auto& [name, value] : headers) text += fmt::format("{}: {}\r\n", name, value);
  return text;
}

bool is_chunked(const Headers& headers) {
  const auto coding = find_header(headers, "transfer-encoding");
  return coding && base::lower(*coding).ends_with("chunked");
}

std::string body_bytes(const std::string& body, const Headers& headers, const Headers& trailers) {
  if (!is_chunked(headers)) return body;
  auto bytes = body.empty() ? std::string() : fmt::format("{:x}\r\n{}\r\n", body.size(), body);
  return bytes + "0\r\n" + lines_of(trailers) + "\r\n";
}

enum class EmptyBody : std::uint8_t { unsaid, length };

// The headers with what frames the body.
Headers framed(Headers headers, const std::string& body, const Headers& trailers, EmptyBody empty) {
  if (find_header(headers, "content-length") || is_chunked(headers)) return headers;
  if (!trailers.empty()) {
    headers.emplace_back("transfer-encoding", "chunked");
  } else if (!body.empty() || empty == EmptyBody::length) {
    headers.emplace_back("content-length", fmt::format("{}", body.size()));
  }
  return headers;
}

bool has_no_body(int status) {
  return status / 100 == 1 || status == 204 || status == 304;
}

}  // namespace

std::optional<std::string> find_header(const Headers& headers, std::string_view name) {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return base::lower(header.first) == name; });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

std::string to_bytes(const Request& request) {
  const auto headers = framed(request.headers, request.body, request.trailers, EmptyBody::unsaid);
  return fmt::format("{} {} HTTP/1.1\r\n{}\r\n{}", request.method, request.target,
                     lines_of(headers), body_bytes(request.body, headers, request.trailers));
}

std::string to_bytes(const Response& response, std::string_view method) {
  const auto empty = has_no_body(response.status) ? EmptyBody::unsaid : EmptyBody::length;
  const auto headers = framed(response.headers, response.body, response.trailers, empty);
  auto bytes = fmt::format("HTTP/1.1 {} \r\n{}\r\n", response.status, lines_of(headers));
  if (method != "HEAD" && !has_no_body(response.status)) {
    bytes += body_bytes(response.body, headers, response.trailers);
  }
  return bytes;
}

bool MessageReader::feed(std::string_view bytes) {
  buffer_ += bytes;
  while (state_ != State::done && advance()) {
  }
  return state_ == State::done;
}

bool MessageReader::close() {
  if (state_ == State::until_close) state_ = State::done;
  return state_ == State::done;
}

// False if more bytes are needed.
bool MessageReader::advance() {
  switch (state_) {
    case State::head:
      return read_head();
    case State::chunk_size:
      return read_chunk_size();
    case State::trailers:
      return read_trailers();
    case State::fixed:
    case State::chunk:
      return read_chunk();
    case State::until_close:
      body_ += std::exchange(buffer_, {});
      if (body_.size() > kMaxBodyBytes) throw no_http("a body without an end");
      return false;
    case State::done:
      break;
  }
  return false;
}

std::optional<std::string> MessageReader::take_line() {
  const auto end = buffer_.find('\n');
  if (end == std::string::npos) {
    if (buffer_.size() > kMaxHeadBytes) throw no_http("a line without an end");
    return std::nullopt;
  }
  auto line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

bool MessageReader::read_head() {
  const auto end = buffer_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (buffer_.size() > kMaxHeadBytes) throw no_http("a head without an end");
    return false;
  }
  first_line_ = *take_line();
  for (auto line = *take_line(); !line.empty(); line = *take_line()) {
    headers_.push_back(parse_field(line));
  }
  begin_body();
  return true;
}

void MessageReader::begin_body() {
  if (kind_ != Kind::request) {
    if (!first_line_.starts_with("HTTP/1.") || first_line_.size() < 12) {
      throw no_http("the first line has no status");
    }
    status_ = static_cast<int>(parse_number(std::string_view(first_line_).substr(9, 3), 10));
    if (status_ / 100 == 1 && status_ != 101) {
      if (++interim_ > kMostInterim) throw no_http("1xx responses without an end");
      return reset();
    }
  }
  const auto length = find_header(headers_, "content-length");
  const bool is_bodiless =
      kind_ == Kind::response_to_head || (kind_ == Kind::response && has_no_body(status_));
  if (is_bodiless) {
    state_ = State::done;
  } else if (is_chunked(headers_)) {
    state_ = State::chunk_size;
  } else if (length) {
    left_ = parse_number(*length, 10);
    state_ = left_ == 0 ? State::done : State::fixed;
  } else {
    state_ = kind_ == Kind::request ? State::done : State::until_close;
  }
}

bool MessageReader::read_chunk_size() {
  const auto line = take_line();
  if (!line) return false;
  const auto size = parse_number(base::trimmed(line->substr(0, line->find(';'))), 16);
  if (body_.size() + size > kMaxBodyBytes) throw no_http("a body without an end");
  left_ = size + 2;
  state_ = size == 0 ? State::trailers : State::chunk;
  return true;
}

bool MessageReader::read_chunk() {
  const auto size = std::min(left_, buffer_.size());
  body_.append(buffer_, 0, size);
  buffer_.erase(0, size);
  left_ -= size;
  if (left_ > 0) return false;
  if (state_ == State::chunk) body_.resize(body_.size() - 2);
  state_ = state_ == State::chunk ? State::chunk_size : State::done;
  return true;
}

bool MessageReader::read_trailers() {
  const auto line = take_line();
  if (!line) return false;
  if (line->empty()) {
    state_ = State::done;
  } else {
    trailer_bytes_ += line->size();
    if (trailer_bytes_ > kMaxHeadBytes) throw no_http("trailers without an end");
    trailers_.push_back(parse_field(*line));
  }
  return true;
}

void MessageReader::reset() {
  state_ = State::head;
  first_line_.clear();
  headers_.clear();
  body_.clear();
  trailers_.clear();
  trailer_bytes_ = 0;
}

// Without the line end of a chunk that is not whole.
std::string MessageReader::body_so_far() const {
  const auto of_line_end = state_ == State::chunk && left_ < 2 ? 2 - left_ : 0;
  return body_.substr(0, body_.size() - of_line_end);
}

Request MessageReader::request_so_far() const {
  const auto first = first_line_.find(' ');
  const auto last = first_line_.rfind(' ');
  if (first == std::string::npos || last == first) throw no_http("the first line has no target");
  return {first_line_.substr(0, first), first_line_.substr(first + 1, last - first - 1), headers_,
          body_so_far(), trailers_};
}

Response MessageReader::response_so_far() const {
  return {status_, headers_, body_so_far(), trailers_};
}

Request MessageReader::take_request() {
  auto request = request_so_far();
  reset();
  return request;
}

Response MessageReader::take_response() {
  Response response{status_, std::move(headers_), std::move(body_), std::move(trailers_)};
  reset();
  interim_ = 0;
  return response;
}

}  // namespace wasmctl::envoy
