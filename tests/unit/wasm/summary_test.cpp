#include "wasm/summary.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)

namespace {

using Words = std::vector<std::string>;

wasm::Summary summary(const std::string& bytes, std::map<std::uint32_t, std::string> names = {}) {
  return wasm::summarize(wasm::parse_module(bytes, "m.wasm"), bytes, std::move(names));
}

}  // namespace

TEST_CASE("summarize sorts what goes in and out") {
  const auto producers =
      vec({name("processed-by") + vec({name("clang") + name("22"), name("hand") + name("")})});
  const auto features = vec({"+" + name("bulk-memory"), "-" + name("atomics")});
  const auto bytes = plugin_module({{"env", "proxy_log", "iii:i"},
                                    {"wasi_snapshot_preview1", "fd_write", "iiii:i"},
                                    {"mine", "f", ":"}},
                                   {{"proxy_on_tick", "i:"}, {"_initialize", ":"}, {"own", ":"}}) +
                     custom("producers", producers) + custom("target_features", features);
  const auto s = summary(bytes, {{3, "tick(int)"}});
  CHECK(s.bytes == bytes.size());
  CHECK(s.abi == wasm::AbiVersion::v0_2_1);
  CHECK(s.producers == Words{"clang 22", "hand"});
  CHECK(s.features == Words{"bulk-memory"});
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
  CHECK(s.sections.back().name == "target_features");
  std::uint64_t total = 8;
  for (const auto& section : s.sections) total += section.bytes;
  CHECK(total == bytes.size());
}

TEST_CASE("summarize leaves out broken custom sections") {
  const auto s =
      summary(plugin_module() + custom("producers", "\x7f") + custom("target_features", "\1+\x7f"));
  CHECK(s.producers.empty());
  CHECK(s.features.empty());
}

TEST_CASE("same_but_for_names") {
  const auto plain = plugin_module();
  const auto named = plain + custom("name");
  const auto other = plugin_module({}, {{"f", ":"}});
  const auto same = [](const std::string& a, const std::string& b) {
    return wasm::same_but_for_names(wasm::parse_module(a, "a"), a, wasm::parse_module(b, "b"), b);
  };
  CHECK(same(plain, named));
  CHECK_FALSE(same(plain, other));
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
