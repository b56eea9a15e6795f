#include "yaml/read.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "yaml/json.hpp"

using wasmctl::Error;
namespace yaml = wasmctl::yaml;

namespace {

std::string to_text(const std::string& text) {
  return yaml::to_json(yaml::read_one(text, "f").root, "f").dump();
}

std::string error_of(const std::string& text) {
  try {
    return to_text(text);
  } catch (const Error& error) {
    return wasmctl::format_error(error);
  }
}

void check_places(const yaml::Node& node, const std::string& text) {
  if (node.kind == yaml::Kind::scalar && node.style == yaml::Style::plain && !node.alias) {
    CHECK(text.substr(node.start.offset, node.end.offset - node.start.offset) == node.text);
  }
  for (const auto& item : node.items) check_places(item, text);
  for (const auto& [key, value] : node.entries) {
    check_places(key, text);
    check_places(value, text);
  }
}

}  // namespace

TEST_CASE("YAML means what kubectl takes it for") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "null"},
      {"# only a comment\n", "null"},
      {"a: [yes, no, on, off, y, N, True, FALSE]",
       R"({"a":[true,false,true,false,true,false,true,false]})"},
      {"a: [~, null, Null, NULL, '', \"null\"]", R"({"a":[null,null,null,null,"","null"]})"},
      {"[yEs, nULL, tRUE, nOne]", R"(["yEs","nULL","tRUE","nOne"])"},
      {"[1, -1, +1, 0, 1_000, 0x1f, -0x1F, 012, 0o17, 0b101, 08]",
       "[1,-1,1,0,1000,31,-31,10,15,5,8.0]"},
      {"[9223372036854775807, -9223372036854775808, 9223372036854775808, 18446744073709551615]",
       "[9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615]"},
      {"[18446744073709551616]", "[1.8446744073709552e+19]"},
      {"[1.5, .5, -.5, 1., 1e3, 1E-2, +1.5]", "[1.5,0.5,-0.5,1.0,1000.0,0.01,1.5]"},
      {"[1:30, 2001-01-01, 1.2.3, -, +, ., .., 0x, 1e, 1e999, 0xg, --1, +-1, 0b2]",
       R"(["1:30","2001-01-01","1.2.3","-","+",".","..","0x","1e","1e999","0xg","--1","+-1","0b2"])"},
      {"[!!str 1, !!int '2', !!float 3, !!bool 'yes', !!null '', ! 4]",
       R"(["1",2,3.0,true,null,"4"])"},
      {"{1: a, 1.5: b, yes: c, 'd': e}", R"({"1":"a","1.5":"b","d":"e","true":"c"})"},
      {"a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, c: 3}",
       R"({"a":{"b":1,"c":2},"d":{"b":1,"c":2},"e":{"b":1,"c":3}})"},
      {"a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne:\n  <<: [*x, *y]\n",
       R"({"a":{"b":1},"c":{"b":2,"d":3},"e":{"b":1,"d":3}})"},
      {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", R"({"a":"x\ny\n","b":"x y"})"},
      {"\xEF\xBB\xBF"
       "a: 1\r\nb: 2\r\n",
       R"({"a":1,"b":2})"},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    CHECK(error_of(text) == want);
  }
}

TEST_CASE("YAML is refused with its place") {
  const std::pair<std::string, const char*> cases[] = {
      {"a: 1\nb: [1\n",
       "error: f:3:1: did not find expected ',' or ']', while parsing a flow sequence that starts "
       "at line 2\n"},
      {"a:\n\tb: 1\n",
       "error: f:2:1: found character that cannot start any token, while scanning for the next "
       "token that starts at line 2\n"
       "hint: YAML takes no tab for indentation: use blanks\n"},
      {"a: 1\nb: \xff\n", "error: f:2:4: not UTF-8 text (invalid leading UTF-8 octet)\n"},
      {"a: 1\na: 2\n", "error: f:2:1: key `a` is set twice\n"},
      {"yes: 1\ntrue: 2\n", "error: f:2:1: key `true` is set twice\n"},
      {"? [a]\n: b\n", "error: f:1:3: a list as a key\n"},
      {"? {a: b}\n: c\n", "error: f:1:3: a mapping as a key\n"},
      {"~: 1\n", "error: f:1:1: null as a key\n"},
      {"a: *b\n", "error: f:1:4: alias `*b` has no anchor before it\n"},
      {"a: &b [*b]\n", "error: f:1:8: alias `*b` has no anchor before it\n"},
      {"a: !foo b\n", "error: f:1:4: tag `!foo` is not one of YAML's own\n"},
      {"a: !!int b\n", "error: f:1:4: `b` is no !!int\n"},
      {"a: .nan\n", "error: f:1:4: JSON has no number `.nan`\n"},
      {"<<: 1\n", "error: f:1:5: `<<` merges mappings; this is a number\n"},
      {"a: 1\n---\nb: 1\n", "error: f:2:1: a second document; one is expected\n"},
      {std::string(100'000, '['), "error: f:1:65: nested more than 64 levels deep\n"},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text.substr(0, 80));
    CHECK(error_of(text) == want);
  }
}

TEST_CASE("aliases cannot expand without bound") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) bomb += ", " + before;
    bomb += "]\n";
  }
  CHECK(error_of(bomb) == "error: f:6:5: the aliases of this document expand beyond all measure\n");
}

TEST_CASE("each plain scalar has its exact bytes") {
  const std::string texts[] = {
      "a: b\nc:\n- d\n-   e\n",
      "\xEF\xBB\xBFkey: v\u00e4lue # \u00e4\n\u00e4\u00f6: {x: \U0001F600y, z: [q]}\n",
      "a: b\r\nc:\r\n  d: e\r\n",
      "---\na: 'q' \nb: e\n...\n",
  };
  for (const auto& text : texts) {
    CAPTURE(text);
    check_places(yaml::read_one(text, "f").root, text);
  }
}

TEST_CASE("documents come one at a time") {
  const std::string text = "a: 1\n---\n# empty\n---\nb: 2\n...\n";
  const auto documents = yaml::read_all(text, "f");
  REQUIRE(documents.size() == 3);
  CHECK(documents[0].start == yaml::Mark{1, 1, 0});
  CHECK(documents[1].start == yaml::Mark{2, 1, 5});
  CHECK(documents[1].root.text.empty());
  CHECK(yaml::find(documents[2].root, "b")->text == "2");
  CHECK(yaml::find(documents[2].root, "c") == nullptr);
  CHECK(yaml::read_all("", "f").empty());
}
