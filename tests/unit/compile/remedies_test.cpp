#include "compile/remedies.hpp"

#include <doctest/doctest.h>

#include <string>

#include "compile/toolchain.hpp"

using wasmctl::compile::remedy;
using wasmctl::compile::remedy_for_undefined;

namespace {

std::string of_missing(const std::string& header) {
  return remedy("a.cc:1:10: fatal error: '" + header + "' file not found\n    1 | #include\n");
}

}  // namespace

TEST_CASE("remedy knows the headers of other builds of the SDK") {
  CHECK(of_missing("google/protobuf/struct.pb.h") ==
        "the SDK needs no protobuf: payloads are bytes, which proxy_wasm_protobuf.h reads and "
        "writes; or build protobuf for Wasm and name it with --include and --ldflag");
  CHECK(of_missing("test.pb.h") ==
        "generate test.pb.h with protoc and build protobuf for Wasm; or read and write the "
        "messages as bytes with proxy_wasm_protobuf.h");
  CHECK(of_missing("bits/endian.h") ==
        "Wasm's libc has no such header, and this machine's does not serve a module");
  CHECK(of_missing("own.h") == "name the directory that it is in with --include");
}

TEST_CASE("remedy knows the names of older APIs, and those of libraries that are not linked") {
  const std::pair<const char*, const char*> cases[] = {
      {"error: use of undeclared identifier 'BufferType'",
       "it is WasmBufferType, as in WasmBufferType::HttpRequestBody"},
      {"error: use of undeclared identifier 'HeaderMapType'; did you mean 'WasmHeaderMapType'?",
       "it is WasmHeaderMapType, as in WasmHeaderMapType::RequestHeaders"},
      {"error: unknown type name 'EMSCRIPTEN_KEEPALIVE'",
       "no Emscripten is needed: WASM_EXPORT(int, twice, (int n)) defines an exported function"},
      {"error: use of undeclared identifier 'getRequestBodyBufferBytes'",
       "it is getBufferBytes(WasmBufferType::HttpRequestBody, start, length)"},
      {"error: use of undeclared identifier 'setTickPeriodMilliseconds'",
       "it is proxy_set_tick_period_milliseconds(milliseconds)"},
      {"error: use of undeclared identifier 'httpCall'",
       "calls are the root context's: root()->httpCall(...)"},
      {"a.cc:22:50: error: non-virtual member function marked 'override' hides virtual member "
       "function\nnote: hidden overloaded virtual function 'Context::onRequestHeaders' declared "
       "here: different number of parameters (2 vs 1)",
       "since ABI 0.2.0 it is onRequestHeaders(uint32_t headers, bool end_of_stream)"},
      // A plugin's own names.
      {"error: use of undeclared identifier 'MyBufferType'", ""},
      {"error: use of undeclared identifier 'httpCalls'", ""},
      {"note: hidden overloaded virtual function 'Base::onRequestHeaders' declared here", ""},
  };
  for (const auto& [output, want] : cases) {
    CAPTURE(output);
    CHECK(remedy(output) == want);
  }
  CHECK(of_missing("emscripten.h") == of_missing("emscripten/emscripten.h"));
  CHECK(of_missing("emscripten.h").starts_with("leave it out: "));
  CHECK(of_missing("openssl/configuration.h").starts_with("OpenSSL is not in the SDK: "));
  CHECK(of_missing("proxy_wasm_intrinsics_lite.pb.h") ==
        "include proxy_wasm_intrinsics_lite.h, which the SDK has");
  CHECK(remedy_for_undefined("re2::RE2::RE2(char const*)").starts_with("RE2 is not linked: "));
  CHECK(remedy_for_undefined("twice") ==
        "define it, add the source that does to `sources`, or do without it");
}

TEST_CASE("remedy takes a missing standard header or library for a toolchain that is not whole") {
  const auto whole = "is the Wasm toolchain whole? On Debian: `apt-get install " +
                     std::string(wasmctl::compile::kDebianPackages) + "`";
  CHECK(of_missing("vector") == whole);
  CHECK(of_missing("__config") == whole);
  CHECK(of_missing("stdlib.h") == whole);
  CHECK(remedy("wasm-ld: error: unable to find library -lc++\n") == whole);
}

TEST_CASE("remedy has nothing to say of other errors, or of half a message") {
  CHECK(remedy("a.cc:1:1: error: expected unqualified-id\n").empty());
  CHECK(remedy("").empty());
  CHECK(remedy("' file not found").empty());
  CHECK(remedy("fatal error: 'a.h").empty());
}
