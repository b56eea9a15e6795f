#include "wasm/summary.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)

namespace {

using Words = std::vector<std::string>;

wasm::Summary summary(const std::string& bytes) {
  const auto module = wasm::read_module(bytes, "m.wasm");
  return wasm::summarize(module, wasm::Symbols(module));
}

}  // namespace

TEST_CASE("summarize sorts what goes in and out") {
  const auto producers =
      vec({name("processed-by") + vec({name("clang") + name("22"), name("hand") + name("")})});
  const auto names = "\1" + name(vec({leb(3) + name("_Z4ticki")}));
  const auto bytes = plugin_module({{"env", "proxy_log", "iii:i"},
                                    {"wasi_snapshot_preview1", "fd_write", "iiii:i"},
                                    {"mine", "f", ":"}},
                                   {{"proxy_on_tick", "i:"}, {"_initialize", ":"}, {"own", ":"}}) +
                     custom("producers", producers) + custom("name", names);
  const auto s = summary(bytes);
  CHECK(s.bytes == bytes.size());
  CHECK(s.abi == wasm::AbiVersion::v0_2_1);
  CHECK(s.producers == Words{"clang 22", "hand"});
  CHECK(s.features.empty());
  CHECK(s.entry_points == Words{"_initialize"});
  CHECK(s.callbacks == Words{"proxy_on_tick"});
  CHECK(s.other_exports == Words{"own", "proxy_abi_version_0_2_1", "malloc", "memory"});
  CHECK(s.host_calls == Words{"proxy_log"});
  CHECK(s.wasi == Words{"fd_write"});
  CHECK(s.other_imports == Words{"mine.f"});
  CHECK(s.memory->minimum == 1);
  REQUIRE(s.functions.size() == 5);
  CHECK(s.functions[0].name == "_initialize");  // as large as the others: by name
  CHECK(s.functions[4].name == "tick(int)");
  CHECK(s.sections.back().name == "name");
  std::uint64_t total = 8;
  for (const auto& section : s.sections) total += section.bytes;
  CHECK(total == bytes.size());
}

TEST_CASE("summarize leaves out broken custom sections") {
  CHECK(summary(plugin_module() + custom("producers", "\x7f")).producers.empty());
}

TEST_CASE("compare lists what differs, largest first") {
  const auto changes = wasm::compare({{"same", 5}, {"gone", 10}, {"twice", 1}, {"twice", 2}},
                                     {{"same", 5}, {"new", 100}, {"twice", 4}});
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].name == "new");
  CHECK(changes[0].before == 0);
  CHECK(changes[0].after == 100);
  CHECK(changes[1].name == "gone");
  CHECK(changes[2].name == "twice");
  CHECK(changes[2].before == 3);
}
