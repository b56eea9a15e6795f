#include "trial/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "host/header_map.hpp"
#include "host/suite/input.hpp"

namespace wasmctl::trial {

namespace {

using host::Invocation;
using host::Pairs;
using host::Phase;
using host::Suite;
using host::Test;

[[noreturn]] void cannot(std::string why) {
  throw Error(Code::bad_input, std::move(why));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Source: RFC 9110, 5.6.2.
bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string lines_of(const Pairs& headers) {
  std::string text;
  for (const auto& [name, value] : headers) {
    if (name.starts_with(':')) continue;
    if (!is_token(name) || !is_value(value))
      cannot(fmt::format("HTTP/1 has no header `{}` with that value", name));
    text += fmt::format("{}: {}\r\n", name, value);
  }
  return text;
}

std::string of(const host::HeaderMap& headers, std::string_view name, std::string_view otherwise) {
  const auto value = headers.get(name);
  return std::string(value ? *value : otherwise);
}

std::string chunk(const std::string& piece) {
  return piece.empty() ? "" : fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

// One message, of one side.
struct Message {
  const std::optional<Invocation>& headers;
  const std::vector<Invocation>& body;
  const std::optional<Invocation>& trailers;
  std::array<Phase, 3> phases;  // of headers, body, trailers
  Sender sender;
  bool is_to_head = false;  // a response without a body, whatever its headers say
};

class MessageSteps {
 public:
  MessageSteps(const Suite& suite, const Test& test, const Message& message)
      : suite_(suite), test_(test), message_(message), is_to_head_(message.is_to_head) {}

  std::vector<Step> make() {
    const bool is_request = message_.sender == Sender::client;
    if (message_.headers) {
      given_ = host::input_headers(
          suite_, message_.headers->input,
          is_request ? host::MessageKind::request : host::MessageKind::response);
    }
    read_bodies();
    add_head(is_request ? request_line() : status_line());
    for (std::size_t i = 0; i < message_.body.size(); ++i) add_body(i);
    if (message_.trailers) {
      const auto lines = lines_of(host::pairs_of(message_.trailers->input.header));
      add(message_.phases[2], &*message_.trailers, "0\r\n" + lines + "\r\n", true);
    }
    return std::move(steps_);
  }

 private:
  void add(Phase phase, const Invocation* invocation, std::string bytes, bool ends) {
    steps_.push_back({phase, invocation, message_.sender, std::move(bytes), ends});
  }

  // The pieces of each part of the body. A part ends the stream unless it says otherwise, or
  // trailers do: only the last may.
  void read_bodies() {
    for (std::size_t i = 0; i < message_.body.size(); ++i) {
      const auto& part = message_.body[i];
      pieces_.push_back(host::pieces_of(test_, host::input_body(suite_, part.input)));
      for (const auto& piece : pieces_.back()) size_ += piece.size();
      const bool ends = part.end_of_stream.value_or(!message_.trailers.has_value());
      if (ends && i + 1 < message_.body.size())
        cannot("a body ends once (end_of_stream: false for the parts before)");
      ends_ = ends;
    }
    if (message_.body.empty() && message_.headers)
      ends_ = message_.headers->end_of_stream.value_or(false);
    if (!message_.headers && message_.body.empty()) ends_ = !message_.trailers;
  }

  std::string request_line() const {
    const host::HeaderMap map(host::HeaderForm::listed, given_);
    const auto method = of(map, ":method", "GET");
    const auto path = of(map, ":path", "/");
    if (!is_token(method) || method == "CONNECT") cannot("HTTP/1 has no such method");
    if (path.find_first_of(" \r\n") != std::string::npos) cannot("HTTP/1 has no such path");
    auto line = fmt::format("{} {} HTTP/1.1\r\n", method, path);
    if (!map.get("host")) line += fmt::format("host: {}\r\n", of(map, ":authority", "localhost"));
    return line;
  }

  std::string status_line() {
    const host::HeaderMap map(host::HeaderForm::listed, given_);
    const auto status = of(map, ":status", "200");
    const bool is_final = status.size() == 3 && status[0] >= '2' && status[0] <= '9' &&
                          std::ranges::all_of(status, is_digit);
    if (!is_final) cannot(fmt::format("HTTP/1 has no final response of status `{}`", status));
    has_no_body_ = status == "204" || status == "304";
    return fmt::format("HTTP/1.1 {} \r\n", status);
  }

  void add_head(std::string line) {
    const host::HeaderMap map(host::HeaderForm::listed, given_);
    const bool is_request = message_.sender == Sender::client;
    const bool is_whole = message_.body.empty() && !message_.trailers && ends_;
    const auto length = map.get("content-length");
    if (map.get("transfer-encoding")) cannot("how a body is framed is HTTP/1's own matter");
    auto bytes = std::move(line) + lines_of(given_);
    if (is_to_head_ && is_whole) {
      // What its headers say is about another request.
    } else if (length) {
      if (*length != std::to_string(size_) || message_.trailers || !ends_)
        cannot("HTTP/1 takes a content-length at its word");
    } else if (!is_whole) {
      if (has_no_body_ || is_to_head_) cannot("a response of that status has no body");
      bytes += "transfer-encoding: chunked\r\n";
      is_chunked_ = true;
    } else if (!is_request && !has_no_body_) {
      bytes += "content-length: 0\r\n";
    }
    add(message_.phases[0], message_.headers ? &*message_.headers : nullptr, bytes + "\r\n",
        is_whole);
  }

  void add_body(std::size_t part) {
    const bool is_last = part + 1 == message_.body.size();
    std::string bytes;
    for (const auto& piece : pieces_[part]) bytes += is_chunked_ ? chunk(piece) : piece;
    const bool ends = is_last && ends_ && !message_.trailers;
    if (ends && is_chunked_) bytes += "0\r\n\r\n";
    add(message_.phases[1], &message_.body[part], std::move(bytes), ends);
  }

  const Suite& suite_;
  const Test& test_;
  const Message& message_;
  Pairs given_;
  std::vector<std::vector<std::string>> pieces_;
  std::size_t size_ = 0;
  bool ends_ = false;
  bool is_chunked_ = false;
  bool is_to_head_ = false;
  bool has_no_body_ = false;
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Step> http_steps(const Suite& suite, const Test& test) {
  const Message request{test.request_headers,
                        test.request_body,
                        test.request_trailers,
                        {Phase::request_headers, Phase::request_body, Phase::request_trailers},
                        Sender::client};
  auto steps = MessageSteps(suite, test, request).make();
  const Message response{test.response_headers,
                         test.response_body,
                         test.response_trailers,
                         {Phase::response_headers, Phase::response_body, Phase::response_trailers},
                         Sender::server,
                         steps.front().bytes.starts_with("HEAD ")};
  if (test.response_headers || !test.response_body.empty() || test.response_trailers) {
    auto more = MessageSteps(suite, test, response).make();
    std::ranges::move(more, std::back_inserter(steps));
  }
  return steps;
}

Pairs request_headers(std::string_view method, std::string_view target, const Pairs& headers) {
  Pairs pairs = {
      {":method", std::string(method)}, {":path", std::string(target)}, {":scheme", "http"}};
  for (const auto& [name, value] : headers)
    pairs.emplace_back(base::lower(name) == "host" ? ":authority" : name, value);
  return pairs;
}

Pairs response_headers(int status, const Pairs& headers) {
  Pairs pairs = {{":status", std::to_string(status)}};
  pairs.insert(pairs.end(), headers.begin(), headers.end());
  return pairs;
}

}  // namespace wasmctl::trial
