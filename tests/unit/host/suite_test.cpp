#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "host/suite/http1.hpp"
#include "host/suite/schema.hpp"
#include "host/suite/text_format.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

namespace {

// A tree as text: {key:value,...}, [item,...], "quoted", plain.
std::string flat(const yaml::Node& node) {
  std::string text;
  if (node.kind == yaml::Kind::scalar)
    return node.style == yaml::Style::plain ? node.text : '"' + node.text + '"';
  for (const auto& item : node.items) text += (text.empty() ? "" : ",") + flat(item);
  if (node.kind == yaml::Kind::sequence) return '[' + text + ']';
  for (const auto& [key, value] : node.entries)
    text += (text.empty() ? "" : ",") + key.text + ':' + flat(value);
  return '{' + text + '}';
}

std::string error_of(const std::string& text, const char* file) {
  try {
    host::read_suite(text, file);
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

}  // namespace

TEST_CASE("protobuf text is read as a tree") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "{}"},
      {"# only this", "{}"},
      {"a: 1 b: -2, c: TRUE; d: 1.5e3", "{a:1,b:-2,c:TRUE,d:1.5e3}"},
      {"a { b: 1 } a < b: 2 > a: {}", "{a:{b:1},a:{b:2},a:{}}"},
      {"a: [1, 2] b: [] c: [{d: 1}, {}]", "{a:[1,2],b:[],c:[{d:1},{}]}"},
      {"a: 'b' \"c\"\n # and\n 'd'", "{a:\"bcd\"}"},
      {R"(a: "\n\t\"\'\\\?\x41\101\u00e9\U0001f600")",
       "{a:\"\n\t\"'\\?AA\xc3\xa9\xf0\x9f\x98\x80\"}"},
      {R"(a: "\x4g")", "{a:\"\x04g\"}"},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    CHECK(flat(host::read_text_format(text, "t")) == want);
  }
}

TEST_CASE("protobuf text that is none has a place") {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "a{";
  const std::pair<std::string, const char*> cases[] = {
      {"a", "t:1:2: expected `:` after `a`, found the end"},
      {"a:", "t:1:3: expected a value, found the end"},
      {"a: }", "t:1:4: expected a value, found `}`"},
      {"a {\n b: 1", "t:2:6: expected `}`, found the end"},
      {"}", "t:1:1: expected a field's name, found `}`"},
      {"a: 'b", "t:1:4: the string does not end"},
      {"a: 'b\n'", "t:1:4: the string does not end on its line"},
      {"a: '\\q'", "t:1:5: unknown escape"},
      {"a: '\\400'", "t:1:5: the escape is no byte"},
      {"a: '\\ud800'", "t:1:5: the escape is no character"},
      {"a: [1 2]", "t:1:7: expected `,` or `]`, found `2`"},
      {"a: [[1]]", "t:1:5: a list may not be in a list"},
      {"[x.y]: 1", "t:1:1: extensions and Any are not read here"},
      {"\xc3\xa9", "t:1:1: expected a field's name, found `\xc3`"},
      {deep, "t:1:129: more than 64 levels deep"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(host::read_text_format(text, "t"), message, Error);
  }
}

TEST_CASE("a suite is the same in YAML and in protobuf text") {
  const std::pair<const char*, const char*> cases[] = {
      {R"(env: {log_level: 2, timeSecs: "5"}
test:
- name: 404
  numChunks: 2.0
  properties: [{path: a.b, value: true}]
  request_headers:
    input: {header: [{key: a, value: 1}]}
    result: {immediate: {details: why}, log: [{regex: x, invert: True}]}
  response_headers: null
  request_body: [{}])",
       "a.yaml"},
      {R"(env { log_level: DEBUG time_secs: 0x5 }
test {
  name: "404" num_chunks: 2
  properties { path: "a.b" value: "true" }
  request_headers {
    input { header { key: "a" value: "1" } }
    result { immediate { details { exact: "why" } } log { regex: "x" invert: t } }
  }
  request_body {}
})",
       "a.textpb"},
  };
  for (const auto& [text, file] : cases) {
    CAPTURE(file);
    const auto suite = host::read_suite(text, file);
    CHECK(suite.env.log_level == host::SuiteLogLevel::debug);
    CHECK(suite.env.time_secs == 5);
    REQUIRE(suite.test.size() == 1);
    const auto& test = suite.test[0];
    CHECK(test.name == "404");
    CHECK(test.num_chunks == 2);
    CHECK(test.properties[0].value == "true");
    CHECK(test.request_headers->input.header[0].value == "1");
    CHECK(test.request_headers->result.immediate->details->exact == "why");
    CHECK(test.request_headers->result.log[0].invert);
    CHECK_FALSE(test.response_headers.has_value());
    CHECK(test.request_body.size() == 1);
  }
  CHECK(host::read_suite("", "a.yaml").test.empty());
  CHECK(host::read_suite("# nothing", "a.yaml").test.empty());
  // Of two in one of which only one may be, YAML takes the last.
  const auto two =
      host::read_suite("test: [{stream_init: {log: [{exact: a, regex: b}]}}]", "a.yaml");
  CHECK_FALSE(two.test[0].stream_init.log[0].exact.has_value());
  CHECK(two.test[0].stream_init.log[0].regex == "b");
}

TEST_CASE("what is wrong with a suite has its place") {
  struct Case {
    const char* file;
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"a.yaml", "tests: []", "a.yaml:1:1: unknown field `tests` of tests of a Proxy-Wasm plugin"},
      {"a.yaml", "test:\n- nam: x",
       "a.yaml:2:3: unknown field `nam` of a request and its response"},
      {"a.yaml", "<<: {test: []}",
       "a.yaml:1:1: unknown field `<<` of tests of a Proxy-Wasm plugin"},
      {"a.yaml", "- 1", "a.yaml:1:1: expected a mapping, not a list"},
      {"a.yaml", "test: {}", "a.yaml:1:7: expected a list, not a mapping"},
      {"a.yaml", "test: [{name: {}}]", "a.yaml:1:15: expected a string, not a mapping"},
      {"a.yaml", "env: {log_level: LOUD}",
       "a.yaml:1:18: expected one of UNDEFINED, TRACE, DEBUG, INFO, WARN, ERROR, CRITICAL, not "
       "`LOUD`"},
      {"a.yaml", "env: {time_secs: -1}",
       "a.yaml:1:18: expected a whole number, 0 or more, not `-1`"},
      {"a.yaml", "test: [{num_chunks: 1.5}]", "a.yaml:1:21: expected a whole number, not `1.5`"},
      {"a.yaml", "test: [{benchmark: yes}]", "a.yaml:1:20: expected true or false, not `yes`"},
      {"a.textpb", "test { name: x }", "a.textpb:1:14: expected a string, not `x`"},
      {"a.textpb", "test { benchmark: 'true' }",
       "a.textpb:1:19: expected true or false, not `true`"},
      {"a.textpb", "env {} env {}", "a.textpb:1:8: `env` is set twice"},
      {"a.textpb", "test { num_chunks: 1 chunk_size: 2 }",
       "a.textpb:1:22: `num_chunks` and `chunk_size` exclude each other"},
      {"a.yaml", "test: [{strict: true}]", "a.yaml:1:9: Google's plugin tester has no `strict`"},
      {"a.yaml", "test: [{new_connection: {}}]",
       "a.yaml:1:9: Google's plugin tester has no `new_connection`"},
      {"a.yaml", "env: {host: envoy}\ntest: [{request_headers: {}, connection: [{}]}]",
       "a.yaml:2:8: a test is a request of HTTP or a connection of TCP, not both"},
      {"a.yaml", "env: {host: envoy}\ntest: [{connection: [{}]}]",
       "a.yaml:2:22: says nothing that happens"},
      {"a.textpb", "env { host: envoy } test { connection { upstream_data {} upstream_close {} } }",
       "a.textpb:1:58: `upstream_data` and `upstream_close` exclude each other"},
      {"a.textpb", "test: 1", "a.textpb:1:7: expected {...}, not `1`"},
  };
  for (const auto& [file, text, message] : cases) {
    CAPTURE(text);
    CHECK(error_of(text, file) == message);
  }
}

TEST_CASE("the JSON Schema of suites names every field once") {
  const auto schema = host::suite_schema();
  for (const auto* message : host::suite_messages()) {
    const auto& part =
        message == &host::suite_message() ? schema : schema["$defs"][std::string(message->name)];
    CAPTURE(message->name);
    CHECK(part["properties"].size() == message->fields.size());
    CHECK(part["additionalProperties"] == false);
  }
}

TEST_CASE("the head of an HTTP/1 message") {
  using host::MessageKind;
  using host::Pairs;
  struct Case {
    MessageKind kind;
    const char* text;
    Pairs want;
  };
  const Case cases[] = {
      {MessageKind::request, "GET /", {{":method", "GET"}, {":path", "/"}}},
      {MessageKind::request,
       "\r\nPUT /a?b=c HTTP/1.1\r\nHost: x\r\n\r\nbody: 1",
       {{":method", "PUT"}, {":path", "/a?b=c"}, {":authority", "x"}}},
      {MessageKind::request,
       "GET https://User@A.b:443?c HTTP/1.1\nhost: y\nB:  1 \n 2\nC",
       {{":method", "GET"},
        {":scheme", "https"},
        {":path", "/?c"},
        {":authority", "a.b"},
        {"b", "1 2"},
        {"c", ""}}},
      {MessageKind::request,
       "GET http://a:8080/b#c HTTP/1.1",
       {{":method", "GET"}, {":scheme", "http"}, {":path", "/b"}, {":authority", "a:8080"}}},
      {MessageKind::response, "HTTP/1.1 200\nA:b:c", {{":status", "200"}, {"a", "b:c"}}},
  };
  for (const auto& [kind, text, want] : cases) {
    CAPTURE(text);
    CHECK(host::parse_http1(text, kind) == want);
  }
}

TEST_CASE("the head of no HTTP/1 message") {
  using host::MessageKind;
  struct Case {
    MessageKind kind;
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {MessageKind::request, "", "expected `METHOD PATH HTTP/1.1`, not ``"},
      {MessageKind::request, "GET", "expected `METHOD PATH HTTP/1.1`, not `GET`"},
      {MessageKind::request, "GET a HTTP/1.1", "`a` is not the path of a URI"},
      {MessageKind::request, "GET //a HTTP/1.1", "`//a` is not the path of a URI"},
      {MessageKind::request, "GET /a/../b HTTP/1.1", "`/a/../b` is not the path of a URI"},
      {MessageKind::request, "GET / HTTP/1.1\n: b", "the header `: b` has no name"},
      {MessageKind::request, "GET / HTTP/1.1\ncontent-length: x", "content-length cannot be `x`"},
      {MessageKind::request, "GET / HTTP/1.1\ntransfer-encoding: x",
       "transfer-encoding cannot be `x`"},
      {MessageKind::response, "HTTP/1.1 OK", "expected `HTTP/1.1 STATUS`, not `HTTP/1.1 OK`"},
  };
  for (const auto& [kind, text, message] : cases) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(host::parse_http1(text, kind), message, Error);
  }
}
