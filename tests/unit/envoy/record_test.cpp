#include "envoy/record.hpp"

#include <doctest/doctest.h>

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
using envoy::Record;
using envoy::Time;

TEST_CASE("a line of Envoy's log is a record, whatever a plugin logs") {
  struct Case {
    const char* name;
    const char* line;
    Record want;
  };
  constexpr Time kTime(1795741871821674);
  const Case cases[] = {
      {"plain",
       "[1795741871.821674][57][error][wasm] no [x]",
       {kTime, 57, "error", "wasm", "no [x]"}},
      {"several lines",
       R"([1795741871.821674][57][error][wasm] Function failed\nProxy-Wasm backtrace:\n  0:  0xec - f\n)",
       {kTime, 57, "error", "wasm", "Function failed\nProxy-Wasm backtrace:\n  0:  0xec - f"}},
      {"escapes",
       R"([1795741871.821674][57][info][wasm] \"a\\n\" \303\274\t)",
       {kTime, 57, "info", "wasm", "\"a\\n\" \xc3\xbc\t"}},
      {"V8's own",
       "wasm://wasm/cb873326:257: Uncaught RuntimeError: unreachable",
       {{}, 0, "", "", "wasm://wasm/cb873326:257: Uncaught RuntimeError: unreachable"}},
      {"in brackets, but no record", "[a][b][c][d] e", {{}, 0, "", "", "[a][b][c][d] e"}},
      {"cut", "[1795741871.821674][57", {{}, 0, "", "", "[1795741871.821674][57"}},
      {"empty", "", {{}, 0, "", "", ""}},
      {"a lone backslash",
       "[1795741871.821674][57][info][wasm] a\\",
       {kTime, 57, "info", "wasm", "a\\"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(envoy::parse_record(c.line) == c.want);
  }
}

TEST_CASE("what a plugin logged is told from what Envoy says") {
  const auto line = [](const char* component, const char* text) {
    return envoy::plugin_line({{}, 0, "info", component, text});
  };
  CHECK(line("wasm", "wasm log: configured") == envoy::PluginLine{"", "configured"});
  CHECK(line("wasm", "wasm log hello: a: b") == envoy::PluginLine{"hello", "a: b"});
  CHECK(line("wasm", "wasm log hello root vm: x") == envoy::PluginLine{"hello root vm", "x"});
  CHECK_FALSE(line("wasm", "Plugin hello failed to load"));
  CHECK_FALSE(line("http", "wasm log hello: x"));
}

TEST_CASE("a line of the access log is read, whatever is in it") {
  const auto access = envoy::parse_access(
      R"({"start":"1795741504.536163","us":585,"ms":0,"method":"GET","path":"/x\"","status":200,)"
      R"("flags":"-","details":"via_upstream","bytes":"1/20"})");
  REQUIRE(access);
  CHECK(access->start == Time(1795741504536163));
  CHECK(access->duration == Time(585));
  CHECK(access->method == "GET");
  CHECK(access->path == "/x\"");
  CHECK(access->status == 200);
  CHECK(access->flags.empty());
  CHECK(access->details == "via_upstream");
  CHECK(access->received == 1);
  CHECK(access->sent == 20);
  const auto connection = envoy::parse_access(
      R"({"start":"1795741504.536163","us":null,"ms":7,"method":null,"status":0,"flags":"UF,URX"})");
  REQUIRE(connection);
  CHECK(connection->duration == Time(7000));
  CHECK(connection->method.empty());
  CHECK(connection->flags == "UF,URX");
  for (const auto* none : {"", "{", "[]", "{}", R"({"start":1})", R"({"start":"now"})", "text"}) {
    CAPTURE(none);
    CHECK_FALSE(envoy::parse_access(none));
  }
}
