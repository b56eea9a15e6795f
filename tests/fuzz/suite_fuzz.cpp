// Suites as anyone may write them: YAML if the first byte is even, else protobuf text. What cannot
// be read is an error of the input; the heads of messages that it gives are read, too.
#include <string_view>

#include "base/error.hpp"
#include "host/suite/http1.hpp"
#include "host/suite/schema.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

namespace {

void read_head(const std::optional<host::Invocation>& invocation, host::MessageKind kind) {
  if (!invocation || invocation->input.content.empty()) return;
  try {
    host::parse_http1(invocation->input.content, kind);
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    const auto suite = host::read_suite(text, data[0] % 2 == 0 ? "a.yaml" : "a.textpb");
    for (const auto& test : suite.test) {
      read_head(test.request_headers, host::MessageKind::request);
      read_head(test.response_headers, host::MessageKind::response);
    }
  } catch (const Error& error) {
    if (!error.place() && error.code() != Code::bad_input) __builtin_trap();
  }
  return 0;
}
