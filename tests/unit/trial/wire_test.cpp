#include "trial/wire.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "host/suite/schema.hpp"
#include "trial/left_out.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

namespace {

// "client: BYTES|server: BYTES.", a dot behind what ends a message; or why it cannot be written.
std::string on_the_wire(const std::string& test) {
  const auto suite = host::read_suite("env: {host: envoy}\ntest: [{" + test + "}]", "suite.yaml");
  std::string text;
  try {
    for (const auto& step : trial::http_steps(suite, suite.test[0])) {
      if (!text.empty()) text += '|';
      text += step.sender == trial::Sender::client ? "client: " : "server: ";
      text += step.bytes + (step.ends ? "." : "");
    }
  } catch (const Error& error) {
    return std::string(error.message());
  }
  std::erase(text, '\r');
  return text;
}

}  // namespace

TEST_CASE("a test as it goes over the wire") {
  const std::pair<const char*, const char*> cases[] = {
      {"request_headers: {}",
       "client: GET / HTTP/1.1\nhost: localhost\ntransfer-encoding: chunked\n\n"},
      {"request_headers: {end_of_stream: true, input: {content: \"PUT /a HTTP/1.1\\nHost: b\\nX: "
       "y\"}}",
       "client: PUT /a HTTP/1.1\nhost: b\nx: y\n\n."},
      {"request_headers: {}, request_body: [{input: {content: abc}}]",
       "client: GET / HTTP/1.1\nhost: localhost\ntransfer-encoding: chunked\n\n|client: "
       "3\nabc\n0\n\n."},
      {"request_headers: {input: {header: [{key: content-length, value: 3}]}}, request_body: "
       "[{input: {content: abc}}]",
       "client: GET / HTTP/1.1\nhost: localhost\ncontent-length: 3\n\n|client: abc."},
      {"num_chunks: 2, request_body: [{input: {content: abc}}], request_trailers: {input: {header: "
       "[{key: t, value: 1}]}}",
       "client: GET / HTTP/1.1\nhost: localhost\ntransfer-encoding: chunked\n\n|client: "
       "1\na\n2\nbc\n|client: 0\nt: 1\n\n."},
      {"response_headers: {input: {header: [{key: ':status', value: 204}]}, end_of_stream: true}",
       "client: GET / HTTP/1.1\nhost: localhost\n\n.|server: HTTP/1.1 204 \n\n."},
      {"response_headers: {end_of_stream: true}",
       "client: GET / HTTP/1.1\nhost: localhost\n\n.|server: HTTP/1.1 200 \ncontent-length: "
       "0\n\n."},
      {"request_headers: {end_of_stream: true, input: {header: [{key: ':method', value: HEAD}]}}, "
       "response_headers: {end_of_stream: true, input: {header: [{key: content-length, value: "
       "5}]}}",
       "client: HEAD / HTTP/1.1\nhost: localhost\n\n.|server: HTTP/1.1 200 \ncontent-length: "
       "5\n\n."},
      {"request_headers: {input: {header: [{key: a, value: \"b\\nc\"}]}}",
       "HTTP/1 has no header `a` with that value"},
      {"request_headers: {input: {header: [{key: 'a b', value: c}]}}",
       "HTTP/1 has no header `a b` with that value"},
      {"request_headers: {input: {header: [{key: content-length, value: 1}]}}",
       "HTTP/1 takes a content-length at its word"},
      {"response_headers: {input: {header: [{key: ':status', value: 204}]}}",
       "a response of that status has no body"},
      {"request_body: [{}, {}]", "a body ends once (end_of_stream: false for the parts before)"},
  };
  for (const auto& [test, want] : cases) {
    CAPTURE(test);
    CHECK(on_the_wire(test) == want);
  }
}
