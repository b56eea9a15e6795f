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

TEST_CASE("set_value sets what YAML would read") {
  const std::pair<const char*, const char*> cases[] = {
      {"a=1", R"({"a":1,"k":{"l":1}})"},
      {"a=", R"({"a":"","k":{"l":1}})"},
      {"a=\"1\"", R"({"a":"1","k":{"l":1}})"},
      {"a=b=c", R"({"a":"b=c","k":{"l":1}})"},
      {"a=[x, {y: null}]", R"({"a":["x",{"y":null}],"k":{"l":1}})"},
      {"k.m.n=true", R"({"k":{"l":1,"m":{"n":true}}})"},
      {"k\\.m=0x10", R"({"k":{"l":1},"k.m":16})"},
      {"k=null", R"({"k":null})"},
  };
  for (const auto& [assignment, want] : cases) {
    CAPTURE(assignment);
    json config = {{"k", {{"l", 1}}}};
    kube::set_value(config, assignment);
    CHECK(config.dump() == want);
  }
  const std::pair<const char*, const char*> refused[] = {
      {"a", "--set: there is no KEY=VALUE in `a`"},
      {"=a", "--set: there is no KEY=VALUE in `=a`"},
      {"a..b=1", "--set: a key is empty in `a..b=1`"},
      {"k.l.m=1", "--set: `m` would be set within 1 in `k.l.m=1`"},
      {"a=[", "--set: the value is no YAML in `a=[`"},
  };
  for (const auto& [assignment, want] : refused) {
    json config = {{"k", {{"l", 1}}}};
    CHECK_THROWS_WITH_AS(kube::set_value(config, assignment), want, Error);
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
  CHECK(kube::explain(settings) ==
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
      kube::explain(settings) ==
      "config    {\"a\":1} (7 bytes)\n"
      "root ID   root\n"
      "chain     after Istio's authentication, before its authorization; priority -3, higher ones "
      "first\n"
      "failure   FAIL_OPEN\n");
}
