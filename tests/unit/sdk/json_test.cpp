#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "plugins/sdk/proxy_wasm_config.h"

namespace {

enum class Mode { allow, deny };

}  // namespace

template <>
inline constexpr char proxy_wasm::kChoices<Mode>[] = "must be one of allow, deny";

namespace {

struct Rule {
  std::string path = "/";
  Mode mode = Mode::allow;
  static constexpr auto fields() {
    return std::tuple{proxy_wasm::required("path", &Rule::path, "A path."),
                      proxy_wasm::field("mode", &Rule::mode, "What to do.")};
  }
};

struct Config {
  bool on = false;
  std::uint32_t limit = 7;
  std::int64_t offset = 0;
  std::string name;
  std::vector<std::string> list{"default"};
  std::vector<Rule> rules;
  proxy_wasm::StringPairs set;
  static constexpr auto fields() {
    using proxy_wasm::field;
    return std::tuple{field("on", &Config::on, "On."),
                      field("limit", &Config::limit, "A limit."),
                      field("offset", &Config::offset, "An offset."),
                      field("name", &Config::name, "A name."),
                      field("list", &Config::list, "A list."),
                      field("rules", &Config::rules, "Rules."),
                      field("set", &Config::set, "Pairs.")};
  }
};

// Reads a copy of exactly that size; returns "" or "KEY ERROR".
std::string read(std::string_view text, Config& config) {
  std::vector<char> exact(text.begin(), text.end());
  proxy_wasm::JsonReader json(exact.data(), exact.size());
  if (proxy_wasm::read_config(json, config)) return "";
  return std::string(json.key()) + " " + json.error();
}

}  // namespace

TEST_CASE("config: every type is read") {
  Config config;
  CHECK(read(R"( { "on" : true, "limit":4294967295, "offset":-9223372036854775807,
    "name":"a\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00", "list":[ "x" , "y" ],
    "rules":[{"path":"/a","mode":"deny"},{"mode":"allow","path":"/b"}], "set":{"k":"v","l":""} } )",
             config) == "");
  CHECK(config.on);
  CHECK(config.limit == 4294967295u);
  CHECK(config.offset == -9223372036854775807);
  CHECK(config.name == "a\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001F600");
  CHECK(config.list == std::vector<std::string>{"x", "y"});
  REQUIRE(config.rules.size() == 2);
  CHECK(config.rules[0].mode == Mode::deny);
  CHECK(config.rules[1].path == "/b");
  CHECK(config.set == proxy_wasm::StringPairs{{"k", "v"}, {"l", ""}});
}

TEST_CASE("config: an empty object keeps the defaults") {
  for (const char* text : {"{}", " {\n} "}) {
    Config config;
    CHECK(read(text, config) == "");
    CHECK(config.limit == 7);
    CHECK(config.list == std::vector<std::string>{"default"});
  }
}

TEST_CASE("config: what does not fit is refused, and the key is named") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "the configuration must be an object"},
      {"[]", "the configuration must be an object"},
      {"{", "the configuration is not valid JSON"},
      {"{} x", "the configuration is not valid JSON"},
      {R"({"on":true,})", "on is not valid JSON"},
      {R"({"on" true})", "on is not valid JSON"},
      {R"({"on":tru})", "on must be true or false"},
      {R"({"on":truex})", "on must be true or false"},
      {R"({"on":1})", "on must be true or false"},
      {R"({"limit":-1})", "limit must not be negative"},
      {R"({"limit":4294967296})", "limit is too large"},
      {R"({"limit":1.5})", "limit must be a whole number"},
      {R"({"limit":01})", "limit is not valid JSON"},
      {R"({"limit":"1"})", "limit must be a whole number"},
      {R"({"limit":1e3})", "limit must be a whole number"},
      {R"({"offset":9223372036854775808})", "offset is too large"},
      {R"({"offset":99999999999999999999999})", "offset is too large"},
      {R"({"name":1})", "name must be a string"},
      {"{\"name\":\"a\nb\"}", "name must be a string"},
      {R"({"name":"\x"})", "name is not valid JSON"},
      {R"({"name":"\ud800"})", "name is not valid JSON"},
      {R"({"name":"\udc00\ud800"})", "name is not valid JSON"},
      {R"({"name":"\u12g4"})", "name is not valid JSON"},
      {R"({"name":"abc)", "name must be a string"},
      {R"({"name":"abc\)", "name must be a string"},
      {R"({"list":"x"})", "list must be a list"},
      {R"({"list":["x" "y"]})", "list is not valid JSON"},
      {R"({"list":[1]})", "list must be a string"},
      {R"({"list":["x")", "list is not valid JSON"},
      {R"({"rules":[{}]})", "path must be given"},
      {R"({"rules":[{"path":"/","mode":"maybe"}]})", "mode must be one of allow, deny"},
      {R"({"rules":[{"path":"/","mode":"allow, deny"}]})", "mode must be one of allow, deny"},
      {R"({"set":{"a":1}})", "a must be a string"},
      {R"({"colour":1})", "colour is not a known key"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    Config config;
    CHECK(read(text, config) == message);
  }
}

TEST_CASE("json: tokens, choices and skipping") {
  std::string text =
      R"({"skip":{"a":[1,-2.5e+3,"]",null,{}],"b":false},"names":["user-agent","x-b"],"last":"b"})";
  proxy_wasm::JsonReader json(text.data(), text.size());
  std::vector<std::string> names;
  int index = -1;
  json.object();
  while (json.member()) {
    if (json.key_is("skip")) json.skip();
    if (json.key_is("names")) {
      proxy_wasm::TokenList list;
      REQUIRE(json.tokens(list));
      list.for_each([&](std::string_view name) { names.emplace_back(name); });
    }
    if (json.key_is("last")) CHECK(json.choice("must be one of a, b, c", index));
  }
  CHECK(json.finish());
  CHECK(names == std::vector<std::string>{"user-agent", "x-b"});
  CHECK(index == 1);
}

TEST_CASE("json: a cut text is refused at every length") {
  const std::string whole =
      R"({"on":true,"limit":1,"name":"\ud83d\ude00","list":["a"],"rules":[{"path":"/"}]})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    Config config;
    CHECK(read(whole.substr(0, size), config) != "");
  }
  Config config;
  CHECK(read(whole, config) == "");
}
