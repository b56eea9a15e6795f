// What comes from a described configuration. That each plugin's files are up to date is
// tests/e2e/envoy/test_plugins_config.py's.
#include "plugins/sdk/proxy_wasm_schema.h"

#include <doctest/doctest.h>

#include <string>

namespace {

enum class Mode { allow, deny };

struct Small {
  std::uint32_t count = 3;
  std::vector<std::string> names{"a\"b"};
  static constexpr auto fields() {
    return std::tuple{proxy_wasm::required("count", &Small::count, "How many."),
                      proxy_wasm::field("names", &Small::names, "Which.")};
  }
};

struct All {
  bool flag = true;
  std::int8_t small = -3;
  std::int64_t large = INT64_MIN;
  Mode mode = Mode::deny;
  LogLevel level = LogLevel::warn;
  proxy_wasm::StringPairs pairs{{"k", "v\n\x01"}};
  proxy_wasm::TokenList tokens = R"("a", "b")";
  std::vector<Small> list{{}};
  static constexpr auto fields() {
    using proxy_wasm::field;
    return std::tuple{field("flag", &All::flag, "F"),     field("small", &All::small, "S"),
                      field("large", &All::large, "L"),   field("mode", &All::mode, "M"),
                      field("level", &All::level, "V"),   field("pairs", &All::pairs, "P"),
                      field("tokens", &All::tokens, "T"), field("list", &All::list, "I")};
  }
};

}  // namespace

template <>
inline constexpr char proxy_wasm::kChoices<Mode>[] = "must be one of allow, deny";

TEST_CASE("schema: of a small configuration, whole") {
  CHECK(proxy_wasm::json_schema<Small>() == R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["count"],
  "properties": {
    "count": {
      "description": "How many.",
      "type": "integer",
      "minimum": 0,
      "maximum": 4294967295
    },
    "names": {
      "description": "Which.",
      "type": "array",
      "items": {
        "type": "string"
      },
      "default": ["a\"b"]
    }
  }
}
)");
  CHECK(proxy_wasm::json_example<Small>() == "{\"count\": 3, \"names\": [\"a\\\"b\"]}\n");
  CHECK(proxy_wasm::markdown_table<Small>() ==
        "| key | type | default | meaning |\n|---|---|---|---|\n"
        "| `count` | integer | required | How many. |\n"
        "| `names` | list of strings | `[\"a\\\"b\"]` | Which. |\n");
}

TEST_CASE("schema: every type of field") {
  CHECK(proxy_wasm::json_example<All>() ==
        R"({"flag": true, "small": -3, "large": -9223372036854775808, "mode": "deny", )"
        R"("level": "warn", "pairs": {"k": "v\u000a\u0001"}, "tokens": ["a", "b"], )"
        R"("list": [{"count": 3, "names": ["a\"b"]}]})"
        "\n");
  CHECK(proxy_wasm::markdown_table<All>() ==
        R"(| key | type | default | meaning |
|---|---|---|---|
| `flag` | boolean | `true` | F |
| `small` | integer | `-3` | S |
| `large` | integer | `-9223372036854775808` | L |
| `mode` | `allow`, `deny` | `"deny"` | M |
| `level` | `trace`, `debug`, `info`, `warn`, `error`, `critical` | `"warn"` | V |
| `pairs` | object of strings | `{"k": "v\u000a\u0001"}` | P |
| `tokens` | list of strings | `["a", "b"]` | T |
| `list` | list of objects | `[{"count": 3, "names": ["a\"b"]}]` | I |
)");
  const auto schema = proxy_wasm::json_schema<All>();
  CHECK(schema.find(R"("minimum": -128,
      "maximum": 127,)") != std::string::npos);
  CHECK(schema.find(R"("enum": ["allow", "deny"])") != std::string::npos);
  CHECK(schema.find(R"("additionalProperties": {"type": "string"})") != std::string::npos);
  CHECK(schema.find(R"("pattern": "^[A-Za-z0-9!#$%'*+.^_`|~-]+$")") != std::string::npos);
}

TEST_CASE("schema: as directives of the assembler") {
  CHECK(proxy_wasm::schema::section("name", "a \"b\" \\ c\n") ==
        ".section .custom_section.wasmctl.config.name,\"\",@\n.ascii \"a \\\"b\\\" \\\\ c\\n\"\n");
}
