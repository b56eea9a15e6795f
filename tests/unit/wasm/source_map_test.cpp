#include "wasm/source_map.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)

namespace {

// Offset 8: a.ts:1; 12: no source; 16: b.ts:4.
constexpr char kMappings[] = "QAAA,I,ICGA";

std::string map_of(const std::string& more, const std::string& mappings = kMappings) {
  return fmt::format(R"({{"version":3,"sources":["a.ts","b.ts",null],"mappings":"{}"{}}})",
                     mappings, more);
}

}  // namespace

TEST_CASE("a source map gives the last mapping at or before an offset") {
  const wasm::SourceMap map(map_of(""));
  CHECK_FALSE(map.find(7, 0));
  CHECK(map.find(8, 0) == Place{"a.ts", 1});
  CHECK(map.find(11, 8) == Place{"a.ts", 1});
  CHECK_FALSE(map.find(12, 0));
  CHECK(map.find(16, 0) == Place{"b.ts", 4});
  CHECK(map.find(1000, 0) == Place{"b.ts", 4});
  CHECK_FALSE(map.find(20, 17));  // of another function
  CHECK(wasm::SourceMap(map_of(R"(,"sourceRoot":"src")")).find(8, 0) == Place{"src/a.ts", 1});
  CHECK(wasm::SourceMap(map_of(R"(,"sourceRoot":"src/")")).find(8, 0) == Place{"src/a.ts", 1});
}

TEST_CASE("a broken source map has no places, or those before the fault") {
  for (const auto* text : {"", "[]", "{}", R"({"sources":[],"mappings":7})",
                           R"({"sources":7,"mappings":"QAAA"})", "\xff", "[[[[[["}) {
    CAPTURE(text);
    CHECK_FALSE(wasm::SourceMap(text).find(8, 0));
  }
  for (const auto* mappings : {"QAAA,!", "QAAA,QAAAAA", "QAAA,Qg", "QAAA;QAAA", "QAAA,ggggggggA"}) {
    CAPTURE(mappings);
    CHECK(wasm::SourceMap(map_of("", mappings)).find(100, 0) == Place{"a.ts", 1});
  }
  CHECK_FALSE(wasm::SourceMap(map_of("", "QAAA,IEAA")).find(12, 0));  // a source that is null
  CHECK_FALSE(wasm::SourceMap(map_of("", "QGAA")).find(8, 0));        // one that is not there
  CHECK_FALSE(wasm::SourceMap(map_of("", "D")).find(8, 0));           // before the file
}

TEST_CASE("where a source map is") {
  const auto url = [](const std::string& text) {
    const auto bytes = plugin_module() + custom("sourceMappingURL", name(text));
    return wasm::source_mapping_url(wasm::parse_module(bytes, "m")).value_or("none");
  };
  CHECK(url("./a%20b.wasm.map") == "./a%20b.wasm.map");
  CHECK(wasm::path_of_url("./a%20b.wasm.map?x#y") == "./a b.wasm.map");
  for (const auto* elsewhere : {"https://a.example/b.map", "//a.example/b.map", "file:///b.map"}) {
    CHECK(wasm::path_of_url(elsewhere).empty());
  }
  CHECK(wasm::data_of_url("data:application/json;base64,e30=") == "{}");
  CHECK(wasm::data_of_url("data:application/json,%7B%7d") == "{}");
  CHECK_FALSE(wasm::data_of_url("a.map"));
  CHECK_FALSE(wasm::source_mapping_url(wasm::parse_module(plugin_module(), "m")));
}
