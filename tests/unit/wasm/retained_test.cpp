#include "wasm/retained.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;

namespace {

// Functions () -> () that call others; the first is exported, and `elements` is an element section.
wasm::Module calling(const std::vector<std::vector<std::uint32_t>>& calls,
                     const std::string& elements = {}) {
  std::vector<std::string> bodies;
  for (const auto& callees : calls) {
    std::string body = "\0"s;
    for (const auto callee : callees) body += '\x10' + leb(callee);
    bodies.push_back(name(body + '\x0b'));
  }
  return wasm::read_module(header() + section(1, vec({func_type(":")})) +
                               section(3, vec(std::vector<std::string>(calls.size(), leb(0)))) +
                               section(4, vec({"\x70\0\5"s})) +
                               section(7, vec({name("a") + "\0\0"s})) + elements +
                               section(10, vec(bodies)),
                           "m");
}

}  // namespace

TEST_CASE("what goes with a function is what only it leads to") {
  // 0 calls 1 and 2, both call 3, 3 calls 4 and itself; nobody calls 5.
  const auto module = calling({{1, 2}, {3}, {3}, {4, 3}, {}, {}});
  const wasm::Retained retained(module);
  const std::size_t functions[] = {5, 1, 1, 2, 1, 0};
  const std::size_t bytes[] = {6 + 4 + 4 + 6 + 2, 4, 4, 6 + 2, 2, 0};
  for (std::uint32_t i = 0; i < 6; ++i) {
    CAPTURE(i);
    CHECK(retained.of(i).functions == functions[i]);
    CHECK(retained.of(i).bytes == bytes[i]);
  }
}

TEST_CASE("what a table has may be called from anywhere") {
  const std::vector<std::vector<std::uint32_t>> calls = {{1}, {2}, {}, {2}};
  const std::string in_expressions = "\4\x41\0\x0b"s + vec({"\xd2\2\x0b"s});
  const std::string passive = "\1\0"s + vec({leb(2)});
  for (const auto& segment :
       {"\0\x41\0\x0b"s + vec({leb(2)}), in_expressions, passive,
        "\2\0\x41\0\x0b\0"s + vec({leb(2)}), "\5\x70"s + vec({"\xd2\2\x0b"s})}) {
    const auto module = calling(calls, section(9, vec({segment})));
    CHECK(wasm::entry_functions(module) == std::vector<std::uint32_t>{0, 2});
    const wasm::Retained retained(module);
    CHECK(retained.of(1).functions == 1);
    CHECK(retained.of(2).functions == 1);
    CHECK(retained.of(3).functions == 0);
  }
  const wasm::Retained without(calling(calls));
  CHECK(without.of(1).functions == 2);
}
