#include "yaml/path.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"

namespace yaml = wasmctl::yaml;

TEST_CASE("a path finds its node, or the last one on the way") {
  const auto document = yaml::read_one("a.b: {c: [x, {d: 1}]}\n", "f");
  const auto column = [&](const yaml::Path& path) {
    return yaml::node_at(document.root, path).start.column;
  };
  CHECK(column({}) == 1);
  CHECK(column({"a.b"}) == 6);  // a dot in a key is no step
  CHECK(column({"a.b", "c", std::size_t{1}, "d"}) == 18);
  CHECK(column({"a.b", "c", std::size_t{7}}) == 10);
  CHECK(column({"a", "b"}) == 1);
  CHECK(yaml::to_string({}) == "");
  CHECK(yaml::to_string({"a.b", "c", std::size_t{1}, "d"}) == "a.b.c[1].d");
}

TEST_CASE("binary values are what kubectl makes of them") {
  const auto json_of = [](const std::string& text) {
    return yaml::to_json(yaml::read_one(text, "f").root, "f").dump();
  };
  CHECK(json_of("a: !!binary c2FsdA==") == R"({"a":"salt"})");
  CHECK(json_of("a: !!binary |\n  c2Fs\n  dA==\n") == R"({"a":"salt"})");
  CHECK(json_of("a: !!binary /w==") == "{\"a\":\"\xEF\xBF\xBD\"}");  // no UTF-8
  CHECK_THROWS_WITH_AS((void)json_of("a: !!binary c2FsdA"), "f:1:4: !!binary is not base64",
                       wasmctl::Error);
}

TEST_CASE("Go's base64 wants its padding, and passes over ends of lines only") {
  using wasmctl::base::base64_decode_as_go;
  CHECK(base64_decode_as_go("c2Fs\r\ndA==\n") == "salt");
  CHECK(base64_decode_as_go("") == "");
  for (const char* wrong : {"c2FsdA", "c2Fs dA==", "c2FsdA=", "=", "====", "c2FsdA==="}) {
    CAPTURE(wrong);
    CHECK_FALSE(base64_decode_as_go(wrong));
  }
}
