#include "compile/remedies.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "compile/toolchain.hpp"

using wasmctl::compile::remedies;
using wasmctl::compile::remedy_for_undefined;

namespace {

using Hints = std::vector<std::string>;

std::string of_missing(const std::string& header, const std::filesystem::path& directory = {}) {
  const auto hints = remedies(
      "a.cc:1:10: fatal error: '" + header + "' file not found\n    1 | #include\n", directory);
  return hints.empty() ? std::string() : hints.front();
}

}  // namespace

TEST_CASE("remedies know the headers of other builds of the SDK, and of libraries") {
  CHECK(of_missing("google/protobuf/struct.pb.h") ==
        "`libraries: {protobuf: DIR}` in wasmctl.yaml compiles protobuf for Wasm, DIR being a tree "
        "of https://github.com/protocolbuffers/protobuf; or without it: payloads are bytes, which "
        "proxy_wasm_protobuf.h reads and writes");
  CHECK(of_missing("test.pb.h") == "protoc makes test.pb.h of its .proto beside the sources, and " +
                                       of_missing("google/protobuf/message.h"));
  CHECK(of_missing("bits/endian.h") ==
        "Wasm's libc has no such header, and this machine's does not serve a module");
  CHECK(of_missing("api/wasm/cpp/proxy_wasm_intrinsics.h") ==
        "include \"proxy_wasm_intrinsics.h\": the SDK's headers need no path");
  CHECK(of_missing("emscripten.h") == of_missing("emscripten/emscripten.h"));
  CHECK(of_missing("emscripten.h").starts_with("leave it out: "));
  CHECK(of_missing("openssl/configuration.h").starts_with("OpenSSL is not in the SDK: "));
  CHECK(of_missing("curl/curl.h").starts_with("a module has no sockets: "));
  CHECK(of_missing("sys/wait.h").starts_with("a module cannot start a process"));
  CHECK(of_missing("source/extensions/common/wasm/ext/envoy_null_plugin.h")
            .starts_with("it is of Envoy's own sources"));
  CHECK(of_missing("proxy_wasm_intrinsics_lite.pb.h") ==
        "include proxy_wasm_intrinsics_lite.h, which the SDK has");
  CHECK(of_missing("own.h") ==
        "`includes` in wasmctl.yaml, or --include, names the directory that it is in; a library is "
        "compiled for Wasm with the plugin");
}

TEST_CASE("a header of the plugin's own repository is found") {
  const wasmctl::base::TemporaryDirectory top;
  const auto plugin = top.path() / "extensions/auth";
  std::filesystem::create_directories(plugin);
  std::filesystem::create_directories(top.path() / "include/common");
  std::ofstream(plugin / "plugin.h") << "";
  std::ofstream(top.path() / "include/common/json.h") << "";
  CHECK(of_missing("extensions/auth/plugin.h", plugin) ==
        "it is in `../..`: `includes: [../..]` in wasmctl.yaml, or --include");
  CHECK(of_missing("common/json.h", plugin) ==
        "it is in `../../include`: `includes: [../../include]` in wasmctl.yaml, or --include");
  std::filesystem::create_directories(top.path() / "extensions/.git");  // not beyond its repository
  CHECK(of_missing("common/json.h", plugin).starts_with("`includes` in wasmctl.yaml"));
}

TEST_CASE("remedies know the names of older APIs, each with its line") {
  const std::pair<const char*, const char*> cases[] = {
      {"error: use of undeclared identifier 'BufferType'",
       "it is WasmBufferType, as in WasmBufferType::HttpRequestBody"},
      {"error: use of undeclared identifier 'HeaderMapType'; did you mean 'WasmHeaderMapType'?",
       "it is WasmHeaderMapType, as in WasmHeaderMapType::RequestHeaders"},
      {"error: use of undeclared identifier 'getRequestBodyBufferBytes'",
       "it is getBufferBytes(WasmBufferType::HttpRequestBody, start, length)"},
      {"p.cc:4:2: error: use of undeclared identifier 'setTickPeriodMilliseconds'",
       "p.cc:4: it is proxy_set_tick_period_milliseconds(milliseconds)"},
      {"p.cc:4:2: error: use of undeclared identifier 'proxy_getHeaderMapValue'",
       "p.cc:4: it is proxy_get_header_map_value"},
      {"error: use of undeclared identifier 'httpCall'",
       "calls are the root context's: root()->httpCall(...)"},
      {"a.cc:22:50: error: non-virtual member function marked 'override' hides virtual member "
       "function\nnote: hidden overloaded virtual function 'Context::onRequestHeaders' declared "
       "here: different number of parameters (2 vs 1)",
       "a.cc:22: it is FilterHeadersStatus onRequestHeaders(uint32_t headers, bool "
       "end_of_stream)"},
      {"a.cc:2:5: error: virtual function 'onStart' has a different return type ('void') than the "
       "function it overrides (which has return type 'bool')",
       "a.cc:2: it is bool onStart(size_t vm_configuration_size)"},
      {"a.cc:3:8: error: no matching member function for call to 'httpCall'\nnote: no known "
       "conversion to 'HttpCallCallback'",
       "a.cc:3: the callback is [...](uint32_t headers, size_t body_size, uint32_t trailers) { ... "
       "}: the body is getBufferBytes(WasmBufferType::HttpCallResponseBody, 0, body_size)"},
      {"a.cc:4:2: error: LEVEL must be defined\n    4 | #error LEVEL must be defined",
       "a.cc:4: if it asks for a macro: `defines: [NAME=VALUE]` in wasmctl.yaml, or -D"},
  };
  for (const auto& [output, want] : cases) {
    CAPTURE(output);
    CHECK(remedies(output, {}) == Hints{want});
  }
}

TEST_CASE("a plugin for an SDK of long ago is told line by line") {
  CHECK(remedies("p.cc:13:50: error: non-virtual member function marked 'override' hides virtual "
                 "member function\nnote: hidden overloaded virtual function "
                 "'RootContext::onConfigure' declared here\n"
                 "p.cc:19:27: error: unknown type name 'BufferType'\n"
                 "p.cc:20:3: warning: unused\nnote: unknown type name 'HeaderMapType'\n"
                 "p.cc:20:23: error: unknown type name 'BufferType'\n"
                 "p.cc:20:40: error: unknown type name 'BufferType'\n"
                 "q.cc:1:1: error: use of undeclared identifier 'BufferType'\n"
                 "q.cc:7:1: error: expected unqualified-id\n",
                 {}) ==
        Hints{"the plugin is for an SDK of 2019 or 2020; since ABI 0.2.0 these lines, and the "
              "functions that they declare, are different:",
              "p.cc:13: it is bool onConfigure(size_t configuration_size)",
              "p.cc:19, 20, q.cc:1: it is WasmBufferType, as in WasmBufferType::HttpRequestBody"});
}

TEST_CASE("what is wrong with a plugin for the SDK of today does not make it an old one") {
  CHECK(remedies("p.cc:4:8: error: virtual function 'onDone' has a different return type ('bool') "
                 "than the function it overrides (which has return type 'void')\n"
                 "p.cc:5:8: error: non-virtual member function marked 'override' hides virtual "
                 "member function\nnote: hidden overloaded virtual function 'ContextBase::onLog'\n",
                 {}) ==
        Hints{"p.cc:4: it is void onDone() of a Context, and bool onDone() of a RootContext",
              "p.cc:5: it is void onLog()"});
}

TEST_CASE("functions that no source defines are told by their library") {
  CHECK(remedy_for_undefined("re2::RE2::RE2(char const*)").starts_with("RE2 is not linked: "));
  CHECK(remedy_for_undefined("fmt::v9::vformat(int)").starts_with("fmt is not linked: "));
  CHECK(remedy_for_undefined("deflate").starts_with("zlib is not linked: Envoy does it"));
  CHECK(remedy_for_undefined("crc32") == "zlib is not linked: add its sources to `sources`");
  CHECK(remedy_for_undefined("EVP_sha256").starts_with("OpenSSL is not in the SDK: "));
  CHECK(remedy_for_undefined("SHA256").starts_with("OpenSSL is not in the SDK: "));
  for (const auto* const own : {"twice", "compress(int)", "compress_body", "SHA256_of(int)"}) {
    CAPTURE(own);
    CHECK(remedy_for_undefined(own) ==
          "define it, add the source that does to `sources`, or do without it");
  }
}

TEST_CASE("a missing standard header or library is a toolchain that is not whole") {
  const auto whole = "is the Wasm toolchain whole? On Debian: `apt-get install " +
                     std::string(wasmctl::compile::kDebianPackages) + "`";
  CHECK(of_missing("vector") == whole);
  CHECK(of_missing("__config") == whole);
  CHECK(of_missing("stdlib.h") == whole);
  CHECK(remedies("wasm-ld: error: unable to find library -lc++\n", {}) == Hints{whole});
}

TEST_CASE("there is no remedy for other errors, a plugin's own names, or half a message") {
  for (const auto* const output :
       {"a.cc:1:1: error: expected unqualified-id\n", "", "' file not found", "fatal error: 'a.h",
        "error: use of undeclared identifier 'MyBufferType'",
        "error: use of undeclared identifier 'httpCalls'",
        "error: use of undeclared identifier 'proxy_myOwn'",
        "note: hidden overloaded virtual function 'Context::onRequestHeaders' declared here",
        "error: non-virtual member function marked 'override' hides virtual member function\nnote: "
        "hidden overloaded virtual function 'Base::onRequestHeaders' declared here"}) {
    CAPTURE(output);
    CHECK(remedies(output, {}).empty());
  }
}
