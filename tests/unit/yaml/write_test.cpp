#include "yaml/write.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"

using nlohmann::ordered_json;
using wasmctl::Error;
namespace yaml = wasmctl::yaml;

TEST_CASE("write prints block style in the order of the value") {
  const auto value = ordered_json::parse(R"({
    "b": 1, "a": [], "c": {}, "d": [1, [2, [3]], {"x": null, "y": [true]}, {}],
    "e": {"f": {"g": "h"}}, "i": 1e20, "j": 0.5, "k": -3, "l": 18446744073709551615})");
  CHECK(yaml::write(value) ==
        "b: 1\n"
        "a: []\n"
        "c: {}\n"
        "d:\n"
        "- 1\n"
        "- - 2\n"
        "  - - 3\n"
        "- x: null\n"
        "  \"y\":\n"
        "  - true\n"
        "- {}\n"
        "e:\n"
        "  f:\n"
        "    g: h\n"
        "i: 1.0e+20\n"
        "j: 0.5\n"
        "k: -3\n"
        "l: 18446744073709551615\n");
  CHECK(yaml::write("x") == "x\n");
  CHECK(yaml::write(ordered_json::array({1, "2"})) == "- 1\n- \"2\"\n");
}

TEST_CASE("quote leaves plain what every reader takes for a string") {
  for (const char* plain : {"a", "AUTHZ", "header-logger", "ghcr.io/acme/a:v1",
                            "file:///etc/a.wasm", "oci://a/b@sha256:00", "/etc/wasm", "apps/v1",
                            "a b", "AGFzbQ==", "nonsense", "yesterday", "app.kubernetes.io/name"}) {
    CAPTURE(plain);
    CHECK(yaml::quote(plain) == plain);
  }
}

TEST_CASE("quote protects what some reader takes for something else") {
  for (const char* text : {"",
                           "yes",
                           "No",
                           "ON",
                           "off",
                           "y",
                           "n",
                           "true",
                           "False",
                           "null",
                           "NULL",
                           "~",
                           "1",
                           "-1",
                           "+1",
                           "012",
                           "0o17",
                           "0x1f",
                           "0b1",
                           "1_000",
                           "1e3",
                           "1.5",
                           ".5",
                           ".inf",
                           "-.INF",
                           ".nan",
                           "1:30",
                           "2001-01-01",
                           "2001-12-14t21:59:43.10-05:00",
                           "<<",
                           "=",
                           "- a",
                           "? a",
                           ": a",
                           "a: b",
                           "a :b",
                           "a #b",
                           "#a",
                           "a:",
                           "a ",
                           " a",
                           "a  b",
                           "&a",
                           "*a",
                           "!a",
                           "|",
                           ">",
                           "'a'",
                           "\"a\"",
                           "%a",
                           "@a",
                           "`a",
                           "[a]",
                           "{a}",
                           "a,b",
                           "---",
                           "...",
                           "a\nb",
                           "a\tb",
                           "\\",
                           "a\"b"}) {
    CAPTURE(text);
    CHECK(yaml::quote(text).front() == '"');
  }
}

TEST_CASE("what is written comes back as it was") {
  const std::string strings[] = {
      "yes",
      "012",
      "a\nb\n\nc ",
      "\t",
      "\r\n",
      "\x01\x7f",
      "\u0080\u0085\u00a0",
      "\u2028\u2029",
      "\ufeff",
      "\ufffe\uffff",
      "\U0001F600",
      "tr\u00fc\u00e9",
      "\"\\/",
      std::string("a\0b", 3),
      std::string(200, 'k'),
      std::string(2000, '\n'),
  };
  for (const auto& text : strings) {
    CAPTURE(text);
    const ordered_json value = {{"s", text}, {"l", {text, {{text, text}}}}, {text + "x", {1, 2}}};
    const auto written = yaml::write(value);
    CAPTURE(written);
    CHECK(yaml::to_json(yaml::read_one(written, "f").root, "f") == nlohmann::json(value));
  }
}

TEST_CASE("write refuses what no YAML can hold") {
  for (const char* text :
       {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\x80"}) {
    CAPTURE(text);
    CHECK_THROWS_AS((void)yaml::quote(text + std::string(" ")), Error);
  }
  CHECK_THROWS_WITH_AS((void)yaml::write(std::numeric_limits<double>::infinity()),
                       "a number is not finite", Error);
}
