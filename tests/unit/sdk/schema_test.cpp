// The files of each plugin that come from its config.h: config.schema.json, and the table and the
// example in README.md. WASMCTL_UPDATE=1 rewrites them.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "plugins/sdk/proxy_wasm_schema.h"

// Each plugin's struct is called Config.
namespace header_rewriter {
#include "plugins/header-rewriter/config.h"
}
namespace api_key {
#include "plugins/api-key/config.h"
}
namespace rate_limiter {
#include "plugins/rate-limiter/config.h"
}
namespace body_rewriter {
#include "plugins/body-rewriter/config.h"
}
namespace ext_authz {
#include "plugins/ext-authz/config.h"
}
namespace request_metrics {
#include "plugins/request-metrics/config.h"
}
namespace tcp_guard {
#include "plugins/tcp-guard/config.h"
}

namespace {

std::string read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void check_file(const std::string& file, const std::string& expected) {
  CAPTURE(file);
  if (std::getenv("WASMCTL_UPDATE") != nullptr) {
    std::ofstream(file, std::ios::binary) << expected;
  }
  CHECK(read(file) == expected);
}

// `text` with what stands from the first "| key |" up to the next blank line replaced.
std::string with_table(const std::string& text, const std::string& table) {
  const auto begin = text.find("| key |");
  const auto end = text.find("\n\n", begin);
  if (begin == std::string::npos || end == std::string::npos) return "no table in it";
  return text.substr(0, begin) + table + text.substr(end + 1);
}

template <class Config>
void check_plugin(const std::string& name) {
  const std::string directory = std::string(WASMCTL_SOURCE_DIR "/plugins/") + name;
  check_file(directory + "/config.schema.json", proxy_wasm::json_schema<Config>(name));
  const std::string readme = directory + "/README.md";
  check_file(readme, with_table(read(readme), proxy_wasm::markdown_table<Config>()));
}

struct Small {
  std::uint32_t count = 3;
  std::vector<std::string> names{"a\"b"};
  static constexpr auto fields() {
    return std::tuple{proxy_wasm::required("count", &Small::count, "How many."),
                      proxy_wasm::field("names", &Small::names, "Which.")};
  }
};

}  // namespace

TEST_CASE("schema: of a small configuration, whole") {
  CHECK(proxy_wasm::json_schema<Small>("small") == R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "small",
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
  CHECK(proxy_wasm::json_example<Small>() == R"({"count": 3, "names": ["a\"b"]})");
  CHECK(proxy_wasm::markdown_table<Small>() ==
        "| key | type | default | meaning |\n|---|---|---|---|\n"
        "| `count` | integer | required | How many. |\n"
        "| `names` | list of strings | `[\"a\\\"b\"]` | Which. |\n");
}

TEST_CASE("schema: the plugins' files are those of their config.h") {
  check_plugin<header_rewriter::Config>("header-rewriter");
  check_plugin<api_key::Config>("api-key");
  check_plugin<rate_limiter::Config>("rate-limiter");
  check_plugin<body_rewriter::Config>("body-rewriter");
  check_plugin<ext_authz::Config>("ext-authz");
  check_plugin<request_metrics::Config>("request-metrics");
  check_plugin<tcp_guard::Config>("tcp-guard");
}
