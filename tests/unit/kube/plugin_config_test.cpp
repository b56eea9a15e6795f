#include "kube/render/plugin_config.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "kube/render/explain.hpp"

using nlohmann::json;
using wasmctl::Error;
namespace kube = wasmctl::kube;

TEST_CASE("read_config reads YAML, and JSON by its name") {
  CHECK(kube::read_config("a: [1, yes]\non: x\n", "c.yaml").dump() == R"({"a":[1,true],"on":"x"})");
  CHECK(kube::read_config("", "c.yaml").dump() == "{}");
  CHECK(kube::read_config("{\"a\":\t\"\\ud83d\\ude00\"}", "c.json")["a"] == "\U0001F600");
  struct Case {
    const char* name;
    std::string text;
    const char* want;
  };
  const Case cases[] = {
      {"c.yaml", "- a", "c.yaml: a config is a mapping, not a list"},
      {"c.yaml", "a", "c.yaml: a config is a mapping, not a single value"},
      {"c.json", "[]", "c.json: a config is a mapping, not a list"},
      {"c.json", "{\n \"a\": x}",
       "c.json:2:7: syntax error while parsing value - invalid literal; last read: '\"a\": x'"},
      {"c.json", R"({"a": 1, "a": 2})", "c.json: key `a` is set twice"},
      {"c.json", std::string(100'000, '['), "c.json: nested more than 64 levels deep"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK_THROWS_WITH_AS((void)kube::read_config(c.text, c.name), c.want, Error);
  }
}

TEST_CASE("a table of many objects is read in no more time than its bytes take") {
  std::string rows = "{}";
  for (int i = 1; i < 50'000; ++i) rows += ",{}";
  CHECK(kube::read_config("{\"a\":[" + rows + "]}", "c.json")["a"].size() == 50'000);
}

TEST_CASE("set_value takes JSON as it stands, and all else for a text") {
  // The value, and what it becomes.
  const std::pair<const char*, const char*> cases[] = {
      {"5", "5"},
      {"-5", "-5"},
      {"1.5", "1.5"},
      {"true", "true"},
      {"null", "null"},
      {"", R"("")"},
      {R"("5")", R"("5")"},
      {R"([1,"b"])", R"([1,"b"])"},
      {R"({"a":{"b":null}})", R"({"a":{"b":null}})"},
      {"[]", "[]"},
      {"{}", "{}"},
      {"9007199254740993", "9007199254740993"},
      // What YAML would read otherwise.
      {"Ward #3", R"("Ward #3")"},
      {"Dear: guest", R"("Dear: guest")"},
      {"&ward", R"("&ward")"},
      {"*ward", R"("*ward")"},
      {"#31", R"("#31")"},
      {"noon:", R"("noon:")"},
      {"NO", R"("NO")"},
      {"y", R"("y")"},
      {"on", R"("on")"},
      {"True", R"("True")"},
      {"~", R"("~")"},
      {"|", R"("|")"},
      {">", R"(">")"},
      {"- x", R"("- x")"},
      {"? x", R"("? x")"},
      {"!!binary x", R"("!!binary x")"},
      {"0x1F", R"("0x1F")"},
      {"0o17", R"("0o17")"},
      {"1_000", R"("1_000")"},
      {".5", R"(".5")"},
      {"NaN", R"("NaN")"},
      // Numbers that would be printed otherwise.
      {"00451", R"("00451")"},
      {"2.30", R"("2.30")"},
      {"1.0", R"("1.0")"},
      {"1e3", R"("1e3")"},
      {"-0", R"("-0")"},
      {"+1", R"("+1")"},
      {" 5", R"(" 5")"},
      {"1e400", R"("1e400")"},
      // Brackets and quotes within a text.
      {"[a-z]+", R"("[a-z]+")"},
      {"{x}y", R"("{x}y")"},
      {"\"a", R"("\"a")"},
      {"b=c", R"("b=c")"},
  };
  for (const auto& [value, want] : cases) {
    CAPTURE(value);
    json config;
    kube::set_value(config, std::string("a=") + value);
    CHECK(config["a"].dump() == want);
  }
}

TEST_CASE("set_value finds its way, and takes every value of --set-string for a text") {
  const std::pair<const char*, const char*> cases[] = {
      {"k.m.n=true", R"({"k":{"l":1,"m":{"n":true}}})"},
      {"k\\.m=1", R"({"k":{"l":1},"k.m":1})"},
      {"k\\[0\\]=1", R"({"k":{"l":1},"k[0]":1})"},
      {"k=null", R"({"k":null})"},
  };
  for (const auto& [assignment, want] : cases) {
    CAPTURE(assignment);
    json config = {{"k", {{"l", 1}}}};
    kube::set_value(config, assignment);
    CHECK(config.dump() == want);
  }
  for (const char* value : {"5", "true", "null", "[1]", "{a,b}", "\"x\"", ""}) {
    json config;
    kube::set_value(config, std::string("a=") + value, kube::SetAs::text);
    CHECK(config["a"] == value);
  }
}

TEST_CASE("set_value refuses, with the form that means the same") {
  const std::pair<const char*, const char*> cases[] = {
      {"a", "error: --set: there is no KEY=VALUE in `a`\n"},
      {"=a", "error: --set: there is no KEY=VALUE in `=a`\n"},
      {"a..b=1", "error: --set: a key is empty in `a..b=1`\n"},
      {"k.l.m=1", "error: --set: `m` would be set within 1 in `k.l.m=1`\n"},
      {"wards[0]=north",
       "error: --set: a key has a `[` in `wards[0]=north`\n"
       "hint: a list is written as JSON: `--set 'wards=[\"north\"]'`\n"},
      {"wards={north,south}",
       "error: --set: the value is no JSON in `wards={north,south}`\n"
       "  caused by: --set:1:3: syntax error while parsing object key - invalid literal; last "
       "read: "
       "'{no'; expected string literal\n"
       "hint: a list is written as JSON: `--set 'wards=[\"north\",\"south\"]'`\n"
       "hint: for a text: `--set-string 'wards={north,south}'`\n"},
      {"wards=[north, south]",
       "error: --set: the value is no JSON in `wards=[north, south]`\n"
       "  caused by: --set:1:3: syntax error while parsing value - invalid literal; last read: "
       "'[no'\n"
       "hint: a list is written as JSON: `--set 'wards=[\"north\",\"south\"]'`\n"
       "hint: for a text: `--set-string 'wards=[north, south]'`\n"},
      {"\"shop.name\"=north",
       "error: --set: a key has a `\"` in `\"shop.name\"=north`\n"
       "hint: a dot in a key is written `\\.`: `--set 'shop\\.name=north'`\n"},
      {"a={\"b\":1,\"b\":2}",
       "error: --set: the value is no JSON in `a={\"b\":1,\"b\":2}`\n"
       "  caused by: --set: key `b` is set twice\n"
       "hint: for a text: `--set-string 'a={\"b\":1,\"b\":2}'`\n"},
      {"a=\xff", "error: --set: a string is not UTF-8 (byte 2 of `a=`)\n"},
  };
  for (const auto& [assignment, want] : cases) {
    CAPTURE(assignment);
    json config = {{"k", {{"l", 1}}}};
    std::string text;
    try {
      kube::set_value(config, assignment);
    } catch (const Error& error) {
      text = wasmctl::format_error(error);
    }
    CHECK(text == want);
  }
}

TEST_CASE("doubt_about names what Helm's users may mean otherwise") {
  CHECK(kube::doubt_about("ward=north,floor=2") ==
        "`floor=2` is part of the value of `ward`: each value has a --set of its own");
  CHECK(kube::doubt_about("wards.0=north") ==
        "`wards.0` sets a key `0`; a list is written as JSON: `--set 'wards=[\"north\"]'`");
  for (const char* quiet : {"a=b", "a=b,c", "a=b, c=d", "codes.404=x", "a=x?b=1", "a="}) {
    CAPTURE(quiet);
    CHECK_FALSE(kube::doubt_about(quiet));
  }
}

TEST_CASE("delivered_config is what Go makes of a Struct") {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", ""},
      {R"({"b": 1, "a": "<&>"})", R"({"a":"\u003c\u0026\u003e","b":1})"},
      {R"({"a": 9007199254740993})", R"({"a":9007199254740992})"},
      {R"({"a": [1.5, 1e20, 1e21, 1e-6, 1e-7, -0.25, 1e300]})",
       R"({"a":[1.5,100000000000000000000,1e+21,0.000001,1e-7,-0.25,1e+300]})"},
      {"{\"a\": \"\u2028\u2029\"}", R"({"a":"\u2028\u2029"})"},
      {R"({"a": {"b": null, "c": [true, {}]}})", R"({"a":{"b":null,"c":[true,{}]}})"},
  };
  for (const auto& [config, want] : cases)
    CHECK(kube::delivered_config(json::parse(config)) == want);
}

TEST_CASE("explain says what becomes of the settings") {
  kube::Settings settings;
  CHECK(kube::explain(settings, *kube::resource_kinds().front()) ==
        "config    none\n"
        "root ID   empty\n"
        "chain     after all plugins that name a phase, just before the router; priority 0, higher "
        "ones first\n"
        "failure   FAIL_CLOSE\n");
  settings.set("config", {{"a", 1}}, {"x"});
  settings.set("phase", "AUTHZ", {"x"});
  settings.set("priority", -3, {"x"});
  settings.set("pluginName", "root", {"x"});
  settings.set("failStrategy", "FAIL_OPEN", {"x"});
  CHECK(
      kube::explain(settings, *kube::resource_kinds().front()) ==
      "config    {\"a\":1} (7 bytes)\n"
      "root ID   root\n"
      "chain     after Istio's authentication, before its authorization; priority -3, higher ones "
      "first\n"
      "failure   FAIL_OPEN\n");
}
