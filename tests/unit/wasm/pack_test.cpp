#include "wasm/pack.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wasm/assemble.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/names.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;

namespace {

// A module with one segment for each (address, bytes); addresses are below 8,192.
std::string with_data(const std::vector<std::pair<std::uint32_t, std::string>>& segments) {
  std::vector<std::string> items;
  for (const auto& [address, bytes] : segments) {
    // i32.const, signed: an address whose last group has its sign bit set takes one byte more.
    std::string constant(1, static_cast<char>((address & 0x7fU) | 0x80U));
    constant += static_cast<char>(address >> 7U);
    items.push_back('\0' + ('\x41' + constant) + '\x0b' + name(bytes));
  }
  return plugin_module() + section(11, vec(items));
}

// Without the section that comes last.
std::string packed(const std::string& bytes) {
  auto result = wasm::shipped(wasm::parse_module(bytes, "m"), wasm::Names::none);
  wasm::require_loadable(result, "m");
  REQUIRE(result.ends_with(wasm::smallest_name_section()));
  result.resize(result.size() - wasm::smallest_name_section().size());
  return result;
}

}  // namespace

TEST_CASE("a shipped module: zeros are cut, and what is not zero stays where it was") {
  const auto zeros = [](std::size_t count) { return std::string(count, '\0'); };
  const std::pair<std::string, std::string> cases[] = {
      // Cut at both ends
      {with_data({{1024, zeros(3) + "ab" + zeros(5)}}), with_data({{1027, "ab"}})},
      // A short run stays, a long one splits
      {with_data({{1024, "a" + zeros(11) + "b"}}), with_data({{1024, "a" + zeros(11) + "b"}})},
      {with_data({{1024, "a" + zeros(12) + "b"}}), with_data({{1024, "a"}, {1037, "b"}})},
      {with_data({{1024, "a" + zeros(20) + "b" + zeros(2) + "c" + zeros(30)}}),
       with_data({{1024, "a"}, {1045, "b" + zeros(2) + "c"}})},
      // Nothing but zeros
      {with_data({{1024, zeros(100)}}), with_data({})},
      {with_data({{1024, "a"}, {2048, zeros(1) + "b"}}), with_data({{1024, "a"}, {2049, "b"}})},
      // Where segments overlap, the later one's zeros count
      {with_data({{1024, "abcd"}, {1025, zeros(2)}}),
       with_data({{1024, "abcd"}, {1025, zeros(2)}})},
  };
  for (const auto& [bytes, want] : cases) CHECK(packed(bytes) == want);
}

TEST_CASE("a shipped module: data that is not understood stays as it is") {
  CHECK(packed(plugin_module()) == plugin_module());
  // A passive segment (flags 1)
  const auto passive = plugin_module() + section(11, vec({'\1' + name(std::string(50, '\0'))}));
  CHECK(packed(passive) == passive);
}

TEST_CASE("a shipped module: names are kept if that is asked for") {
  const auto names = custom("name", "\1\4\1\0\1f"s);
  const auto linked = wasm::parse_module(plugin_module() + names + custom(".debug_line"), "m");
  CHECK(wasm::shipped(linked, wasm::Names::kept) == plugin_module() + names);
}
