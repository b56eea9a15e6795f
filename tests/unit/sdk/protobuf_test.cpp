#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "plugins/sdk/proxy_wasm_protobuf.h"

using proxy_wasm::ProtoReader;
using proxy_wasm::ProtoWire;
using proxy_wasm::ProtoWriter;

TEST_CASE("protobuf: written as the encoding guide's examples") {
  using namespace std::string_literals;
  const auto written = [](auto write) {
    std::string message;
    ProtoWriter writer(message);
    write(writer);
    return message;
  };
  CHECK(written([](auto& w) { w.varint(1, 150); }) == "\x08\x96\x01");
  CHECK(written([](auto& w) { w.string(2, "testing"); }) == "\x12\x07testing");
  CHECK(written([](auto& w) { w.string(3, "\x08\x96\x01"); }) == "\x1a\x03\x08\x96\x01");
  CHECK(written([](auto& w) { w.varint(1, 0); }) == "\x08\0"s);
  CHECK(written([](auto& w) { w.zigzag(1, -2); }) == "\x08\x03");
  CHECK(written([](auto& w) { w.fixed32(1, 0x01020304); }) == "\x0d\x04\x03\x02\x01");
  CHECK(written([](auto& w) { w.varint(536870911, UINT64_MAX); }) ==
        "\xf8\xff\xff\xff\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST_CASE("protobuf: what is written is read") {
  std::string inner;
  ProtoWriter(inner).varint(1, 300).zigzag(2, INT64_MIN);
  std::string message;
  ProtoWriter(message).string(1, inner).float64(2, -0.5).fixed64(3, 9).string(4, "").varint(
      5, UINT64_MAX);
  ProtoReader reader(message);
  REQUIRE(reader.next());
  ProtoReader nested = reader.message();
  REQUIRE(nested.next());
  CHECK(nested.varint() == 300);
  REQUIRE(nested.next());
  CHECK(nested.zigzag() == INT64_MIN);
  CHECK_FALSE(nested.next());
  CHECK(nested.ok());
  REQUIRE(reader.next());
  CHECK(reader.wire() == ProtoWire::fixed64);
  CHECK(reader.float64() == -0.5);
  REQUIRE(reader.next());
  CHECK(reader.varint() == 9);
  REQUIRE(reader.next());
  CHECK(reader.number() == 4);
  CHECK(reader.bytes().empty());
  REQUIRE(reader.next());
  CHECK(reader.varint() == UINT64_MAX);
  CHECK_FALSE(reader.next());
  CHECK(reader.ok());
}

TEST_CASE("protobuf: malformed bytes are refused") {
  using namespace std::string_literals;
  const std::pair<const char*, std::string> cases[] = {
      {"tag only", "\x08"s},
      {"varint without end", "\x08\x96"s},
      {"varint of eleven bytes", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s},
      {"varint of 65 bits", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"s},
      {"field number 0", "\x00\x01"s},
      {"group", "\x0b\x0c"s},
      {"bytes longer than the message", "\x12\x07test"s},
      {"bytes of 2^64 - 1", "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s},
      {"fixed32 cut", "\x0d\x04\x03"s},
      {"fixed64 cut", "\x09\x01"s},
  };
  for (const auto& [name, bytes] : cases) {
    CAPTURE(name);
    const std::vector<char> exact(bytes.begin(), bytes.end());
    ProtoReader reader({exact.data(), exact.size()});
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.ok());
  }
}
