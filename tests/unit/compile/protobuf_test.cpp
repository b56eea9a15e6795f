#include "compile/protobuf.hpp"

#include <doctest/doctest.h>

TEST_CASE("protobuf's version is told as protoc tells its own") {
  using wasmctl::compile::protobuf_version;
  CHECK(protobuf_version("#define GOOGLE_PROTOBUF_VERSION 3021012\n") == "3.21.12");
  CHECK(protobuf_version("#define GOOGLE_PROTOBUF_VERSION 4022000\n") == "22.0");
  CHECK(protobuf_version("#define GOOGLE_PROTOBUF_VERSION 5029003\n") == "29.3");
  CHECK(protobuf_version("#define PROTOBUF_VERSION PROTOBUF_OSS_VERSION\n"
                         "#define PROTOBUF_OSS_VERSION 6030002\n") == "30.2");
  CHECK(protobuf_version("#define PROTOBUF_VERSION PROTOBUF_OSS_VERSION\n").empty());
  CHECK(protobuf_version("#define GOOGLE_PROTOBUF_VERSION VERSION\n").empty());
}
