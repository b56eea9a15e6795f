#include "host/recording/recording.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/program.hpp"
#include "host/recording/disguise.hpp"
#include "host/recording/recorded_suite.hpp"
#include "host/suite/inputs.hpp"
#include "host/suite/run.hpp"
#include "host/suite/schema.hpp"
#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;

namespace {

// In the callback of request headers it asks for the header whose name is the text at 16, through a
// table, and logs 100,000 bytes, which end with a newline.
std::string asking_plugin(const std::string& asked = "a") {
  const auto body = [](const std::string& instructions) {
    return wasmctl::test::name("\0"s + instructions + "\x0b");
  };
  const auto import = [](std::string_view called, int type) {
    return wasmctl::test::name("env") + wasmctl::test::name(called) + '\0' +
           leb(static_cast<std::uint32_t>(type));
  };
  const auto exported = [](std::string_view called, int kind, int index) {
    return wasmctl::test::name(called) + static_cast<char>(kind) +
           leb(static_cast<std::uint32_t>(index));
  };
  const auto asks =
      "\x41\0\x41\x10\x41\x01\x41\x20\x41\x24\x41\0\x11\x03\0\x1a"  // call_indirect
      "\x41\x02\x41\x80\x80\x04\x41\xa0\x8d\x06\x10\x01\x1a"  // proxy_log(info, 65536, 100000)
      "\x41\0"s;
  return header() +
         section(
             1, vec({func_type(":"), func_type("i:i"), func_type("iii:i"), func_type("iiiii:i")})) +
         section(2, vec({import("proxy_get_header_map_value", 3), import("proxy_log", 2)})) +
         section(3, vec({leb(0), leb(1), leb(2)})) + section(4, vec({"\x70\0\1"s})) +
         section(5, vec({"\0\4"s})) +
         section(7, vec({exported("memory", 2, 0), exported("proxy_abi_version_0_2_1", 0, 2),
                         exported("malloc", 0, 3), exported("proxy_on_request_headers", 0, 4)})) +
         section(9, vec({"\0\x41\0\x0b"s + vec({leb(0)})})) +
         section(10, vec({body(""), body("\x41\x80\x08"), body(asks)})) +
         section(11, vec({"\0\x41\x10\x0b"s + wasmctl::test::name(asked),
                          "\0\x41\x9f\x8d\x0a\x0b"s + wasmctl::test::name("\n")}));
}

host::Suite sample_suite() {
  return host::read_suite(
      "env: {host: envoy}\n"
      "test:\n"
      "- request_headers:\n"
      "    input: {header: [{key: \":path\", value: /p}, {key: a, value: \"1\"}]}\n"
      "  response_body: [{input: {content: hello}}]\n",
      "s.yaml");
}

host::TestResult run(const std::string& bytes, const host::Suite& suite,
                     host::Observer* observer = nullptr) {
  const engine::Program program(wasm::read_module(bytes, "m"), "m");
  host::SharedState shared;
  host::RunOptions options;
  options.program = &program;
  options.observer = observer;
  return host::run_test(suite, suite.test[0], options, shared);
}

std::vector<std::string> lines_of(const std::vector<host::TapEvent>& events) {
  host::TapNumbers numbers(events.front().argument(0));
  std::vector<std::string> lines;
  for (const auto& event : events) {
    const bool is_added =
        event.kind != host::TapKind::call && event.name() != "proxy_on_request_headers";
    if (const auto line = line_of(event, numbers); !line.empty() && !is_added)
      lines.push_back(line.substr(0, 80));
  }
  return lines;
}

}  // namespace

TEST_CASE("a tapped module does the same as before, and tells it") {
  const auto bytes = asking_plugin();
  const auto suite = sample_suite();
  host::TapObserver observer;
  CHECK(run(bytes, suite, &observer).passed());

  host::Recording recording;
  const auto tapped = recording.tap(wasm::read_module(bytes, "m"));
  const auto result = run(tapped, suite);
  CHECK(result.failures.empty());
  std::size_t own = 0;
  for (const auto& [phase, line] : result.log) {
    auto message = line.message;
    if (message.ends_with('\n')) message.pop_back();  // as Envoy's log has it
    if (line.level != host::LogLevel::critical || !recording.add(0, message)) ++own;
  }
  CHECK(own == 1);
  REQUIRE(recording.streams().size() == 1);
  const auto lines = lines_of(recording.streams()[0].events);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "proxy_on_request_headers(2, 2, 0)");
  CHECK(lines[1] == "proxy_get_header_map_value(request_headers, \"a\") = Ok \"1\"");
  CHECK(lines[2].starts_with("proxy_log(info, \"\\0\\0"));
  CHECK(lines[3] == "= 0");
  CHECK(lines_of(observer.events()) == lines);
}

TEST_CASE("what was recorded is a suite that replays the same") {
  const auto bytes = asking_plugin();
  host::Recording recording;
  const auto tapped = recording.tap(wasm::read_module(bytes, "m"));
  for (const auto& [phase, line] : run(tapped, sample_suite()).log) recording.add(7, line.message);
  const engine::Program program(wasm::read_module(bytes, "m"), "m");
  const auto written = host::recorded_suite(recording.streams(), {&program, {}, ""}, {});
  CHECK(written.tests == 1);
  CHECK(written.different == 0);
  const auto suite = host::read_suite(written.text, "s.yaml");
  REQUIRE(suite.test.size() == 1);
  CHECK(suite.test[0].name == "1. ? /p");
  CHECK(suite.test[0].response_body.at(0).input.content == "hello");  // which the plugin never sees
  CHECK(suite.test[0].request_headers->result.log.at(0).exact->size() == 100'000);
  CHECK(run(bytes, suite).passed());
}

TEST_CASE("what no suite can say leaves the rest of a recording as it is") {
  const auto bytes = asking_plugin();
  host::Recording recording;
  const auto tapped = recording.tap(wasm::read_module(bytes, "m"));
  auto suite = sample_suite();
  auto& headers = suite.test[0].request_headers->input.header;
  headers[0].value = "/\xff";
  for (const auto& [phase, line] : run(tapped, suite).log) recording.add(1, line.message);
  headers[1].key = "\xfe";
  for (const auto& [phase, line] : run(tapped, suite).log) recording.add(1, line.message);
  const engine::Program program(wasm::read_module(bytes, "m"), "m");
  const auto written = host::recorded_suite(recording.streams(), {&program, {}, ""}, {});
  CHECK(written.tests == 1);
  CHECK(written.different == 1);
  const auto again = host::read_suite(written.text, "s.yaml");
  REQUIRE(again.test.size() == 1);
  CHECK(again.test[0].name == "1. ? /?");
  CHECK(again.test[0].request_headers->input.header[0].value == "/\xff");
  CHECK(written.text.find("# 2. is left out: ") != std::string::npos);
}

TEST_CASE("a secret is disguised in what is compared, whatever it is made of") {
  const auto bytes = asking_plugin();
  const engine::Program program(wasm::read_module(bytes, "m"), "m");
  for (const auto& secret : {"Digest \"0123\\4567\""s, "one\ntwo\0three"s, "a \"b"s, "abcdefgh"s}) {
    CAPTURE(secret);
    host::Recording recording;
    const auto tapped = recording.tap(wasm::read_module(bytes, "m"));
    auto suite = sample_suite();
    suite.test[0].request_headers->input.header[1].value = secret;
    for (const auto& [phase, line] : run(tapped, suite).log) recording.add(1, line.message);
    const host::MaskOptions mask{host::Masking::on, {"a"}};
    const auto written = host::recorded_suite(recording.streams(), {&program, {}, ""}, mask);
    CHECK(written.different == 0);
    CHECK(written.text.find(std::string(secret.size(), '*').substr(1)) != std::string::npos);
    CHECK(written.text.find("Not as in Envoy") == std::string::npos);
    const engine::Program other(wasm::read_module(asking_plugin("b"), "m"), "m");
    const auto differs = host::recorded_suite(recording.streams(), {&other, {}, ""}, mask);
    CHECK(differs.different == 1);
    for (const auto* const part : {"0123", "4567", "two", "three", "\\\"b", "abcdefgh"})
      CHECK(differs.text.find(part) == std::string::npos);
  }
}

TEST_CASE("of a stream with too many bytes nothing is kept, and others are") {
  const auto bytes = asking_plugin();  // logs 100,000
  struct Case {
    std::size_t most;
    std::size_t kept;
  };
  for (const auto& [most, kept] : {Case{50'000, 0}, Case{150'000, 1}, Case{1'000'000, 2}}) {
    CAPTURE(most);
    host::Recording recording(most);
    const auto tapped = recording.tap(wasm::read_module(bytes, "m"));
    for (int i = 0; i < 2; ++i) {
      for (const auto& [phase, line] : run(tapped, sample_suite()).log)
        recording.add(1, line.message);
    }
    CHECK(recording.streams().size() == kept);
    CHECK(recording.left_out() == 2 - kept);
  }
}

TEST_CASE("a module that cannot be tapped") {
  host::Recording recording;
  const auto no_memory = assemble({}, {{"malloc", "i:i"}}, "");
  CHECK_THROWS_WITH_AS(recording.tap(wasm::parse_module(no_memory, "m")),
                       "this module cannot be recorded", Error);
}

TEST_CASE("messages that are no events of a tap's") {
  host::Recording recording;
  recording.tap(wasm::read_module(asking_plugin(), "m"));
  for (const auto& message : {""s, "hello"s, std::string(24, '\0'), std::string(200, '\xff')})
    CHECK(!recording.add(1, message));
  CHECK(recording.streams().empty());
}

TEST_CASE("secrets are disguised by others of the same length") {
  host::Disguise disguise({host::Masking::on, {"X-Mine"}});
  disguise.learn("authorization", "Bearer s3cr3t-1");
  disguise.learn("cookie", "id=0123456789; theme=a; q=\"quoted one\"");
  disguise.learn("set-cookie", "sid=abcdefgh; Path=/; HttpOnly");
  disguise.learn("x-mine", "of-my-own");
  disguise.learn("user-agent", "no-secret");
  disguise.learn("authorization", "Digest u=\"m\", r=\"66\\29\"");
  struct Case {
    const char* name;
    const char* value;
    const char* want;
  };
  const Case cases[] = {
      {"authorization", "Bearer s3cr3t-1", "Bearer *******1"},
      {"Authorization", "Bearer never seen", "Bearer **********"},
      {"authorization", "raw", "***"},
      {"cookie", "id=0123456789; theme=a; q=\"quoted one\"",
       "id=*********2; theme=*; q=\"*********3\""},
      {"set-cookie", "sid=abcdefgh; Path=/; HttpOnly", "sid=*******4; Path=/; HttpOnly"},
      {"x-mine", "of-my-own", "********5"},
      {"user-agent", "no-secret", "no-secret"},
      {"x-other", "it is s3cr3t-1 and a", "it is *******1 and a"},
      {"x-other", "s3cr3", "s3cr3"},
      {"x-other", R"({"a":"Digest u=\"m\", r=\"66\\29\""})", R"({"a":"Digest ***************6"})"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.value);
    CHECK(disguise.header(c.name, c.value) == c.want);
  }
  CHECK(host::Disguise({host::Masking::off, {}}).header("cookie", "a=secret-1") == "a=secret-1");
}

TEST_CASE("bytes that are no text stand in a suite in base64") {
  const auto suite = host::read_suite(
      "env: {host: envoy}\n"
      "test:\n"
      "- properties: [{path: a, value_base64: /w==}]\n"
      "  shared_data: [{key: k, value_base64: gA==}]\n"
      "  http_call: [{content_base64: /v8=}]\n"
      "  grpc_call: [{message_base64: [/w==, YQ==]}]\n"
      "  foreign_function: [{name: f, argument_base64: /w==, content_base64: YQ==}]\n"
      "  request_headers: {input: {header: [{key: a, value_base64: 6Q==}]}}\n"
      "  request_body: [{input: {content_base64: /w==}, result: {body: [{exact_base64: /w==}]}}]\n",
      "s.yaml");
  const auto& given = suite.test.at(0);
  CHECK(given.properties[0].value == "\xff");
  CHECK(given.shared_data[0].value == "\x80");
  CHECK(given.http_call[0].content == "\xfe\xff");
  CHECK(given.grpc_call[0].message == std::vector{"\xff"s, "a"s});
  CHECK(given.foreign_function[0].argument == "\xff");
  CHECK(given.foreign_function[0].content == "a");
  CHECK(given.request_headers->input.header[0].value == "\xe9");
  CHECK(given.request_body[0].result.body[0].exact == "\xff");
  const auto again = host::inputs_of(suite, given)["test"][0];
  CHECK(again["request_body"][0]["input"] == nlohmann::ordered_json{{"content_base64", "/w=="}});
  CHECK(again["grpc_call"][0]["message_base64"] == nlohmann::ordered_json{"/w==", "YQ=="});
  CHECK_THROWS_WITH_AS(
      host::read_suite("env: {host: envoy}\ntest: [{properties: [{value_base64: \"*\"}]}]",
                       "s.yaml"),
      "s.yaml:2:37: `*` is not base64", Error);
}
