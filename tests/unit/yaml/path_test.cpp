#include "yaml/path.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"

namespace yaml = wasmctl::yaml;

TEST_CASE("merged entries stand behind a mapping's own, at their places") {
  struct Case {
    const char* text;
    const char* want;  // the values of `a`, with their columns
  };
  const Case cases[] = {
      {"a: {<<: {b: 1, c: 2}, c: 3}", "c=3@26 b=1@13 "},
      {"a: {<<: [{b: 1}, {b: 2, c: 3}]}", "b=1@14 c=3@28 "},
      {"a: {<<: {<<: {b: 1}, c: 2}}", "c=2@25 b=1@18 "},
      {"a: {'<<': {b: 1}}", "<<=@11 "},
      {"a: {<<: b}", "<<=b@9 "},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    auto document = yaml::read_one(text, "f");
    yaml::apply_merges(document.root);
    std::string found;
    for (const auto& [key, value] : yaml::find(document.root, "a")->entries) {
      found += key.text + "=" + value.text + "@" + std::to_string(value.start.column) + " ";
    }
    CHECK(found == want);
  }
}

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
