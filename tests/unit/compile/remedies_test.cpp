#include "compile/remedies.hpp"

#include <doctest/doctest.h>

#include <string>

#include "compile/toolchain.hpp"

using wasmctl::compile::remedy;

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
