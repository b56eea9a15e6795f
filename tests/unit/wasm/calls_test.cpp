#include "wasm/calls.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;

namespace {

// Function 0 is the import env.f; the others are `bodies`, of which `exported` is exported.
wasm::Module program(const std::vector<std::string>& bodies, std::uint32_t exported) {
  std::vector<std::string> types;
  std::vector<std::string> code;
  for (const auto& body : bodies) {
    types.push_back(leb(0));
    code.push_back(name("\0"s + body + "\x0b"));
  }
  auto bytes = header() + section(1, vec({func_type(":")})) +
               section(2, vec({name("env") + name("f") + '\0' + leb(0)})) + section(3, vec(types)) +
               section(7, vec({name("run") + '\0' + leb(exported)})) + section(10, vec(code));
  return wasm::read_module(bytes, "m");
}

std::string call(std::uint32_t function) {
  return "\x10" + leb(function);
}

std::vector<std::uint32_t> functions(const std::vector<wasm::Step>& steps) {
  std::vector<std::uint32_t> list;
  for (const auto& step : steps) list.push_back(step.function);
  return list;
}

using Chain = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("the shortest chain leads from the caller to what is exported") {
  // 4 calls 3 and 2; 3 calls 2; 2 and 1 call the import.
  const auto p = program({call(0), call(0), call(2), call(3) + call(2)}, 4);
  const auto chain = wasm::Callers(p).shortest_chain(0);
  CHECK(functions(chain) == Chain{2, 4});
  CHECK(p.bytes.view().substr(chain[0].offset, 2) == call(0));
  CHECK(p.bytes.view().substr(chain[1].offset, 2) == call(2));
}

TEST_CASE("a chain that no export begins ends where a pointer must lead") {
  CHECK(functions(wasm::Callers(program({call(0), call(1), ""}, 3)).shortest_chain(0)) ==
        Chain{1, 2});
  CHECK(wasm::Callers(program({""}, 1)).shortest_chain(0).empty());
  // Calls in a circle.
  CHECK(wasm::Callers(program({call(2), call(1) + call(0), ""}, 3)).shortest_chain(0).empty());
}

TEST_CASE("only what no branch can avoid is sure") {
  const auto event = [](const std::vector<std::string>& bodies) -> std::string {
    const auto p = program(bodies, 1);
    const auto found = wasm::first_sure_event(p, 1, [](auto) { return true; });
    if (!found) return "none";
    std::string text = found->import ? "call" : "trap";
    for (const auto& step : found->chain) text += fmt::format(" {}", step.function);
    return text;
  };
  CHECK(event({""}) == "none");
  CHECK(event({call(0)}) == "call 1");
  CHECK(event({"\0"s}) == "trap 1");
  CHECK(event({call(2), call(0)}) == "call 2 1");
  CHECK(event({"\x02\x40"s + call(0) + "\x0b"}) == "call 1");      // a block
  CHECK(event({"\x41\1\x04\x40"s + call(0) + "\x0b"}) == "none");  // an if
  // What follows a block that a branch may have left, and nothing more.
  CHECK(event({"\x02\x40\x41\1\x0d\0\x0b"s + call(0)}) == "call 1");
  CHECK(event({"\x02\x40\x41\1\x0d\0"s + call(0) + "\x0b"}) == "none");
  CHECK(event({"\x02\x40\x02\x40\x41\1\x0d\1\x0b"s + call(0) + "\x0b"}) == "none");
  CHECK(event({"\x41\1\x0d\0"s + call(0)}) == "none");  // the function's own label
  CHECK(event({"\x41\1\x04\x40\x01\x05\x01\x0b"s + call(0)}) == "call 1");  // if, else
  CHECK(event({"\x41\1\x04\x40\x0f\x0b"s + call(0)}) == "none");            // if: return
  CHECK(event({"\x41\1\x04\x40\0\x0b"s + call(0)}) == "call 1");            // if: a trap, as bad
  CHECK(event({"\x41\1\x04\x40\0\x05\0\x0b"s + call(0)}) == "none");        // both: not reached
  CHECK(event({"\x02\x40\x02\x40\x41\0\x0e\1\0\1\x0b\x0b"s + call(0)}) == "call 1");  // br_table
  CHECK(event({"\x02\x40\x41\0\x0e\1\0\1\x0b"s + call(0)}) == "none");
  CHECK(event({"\x03\x40\x41\1\x0d\0\x0b"s + call(0)}) == "call 1");  // a loop that ends
  CHECK(event({"\x03\x40\x0c\0\x0b\0"s}) == "none");                  // one that does not
  CHECK(event({"\x02\x40\x03\x40\x41\1\x0d\1\x0c\0\x0b\0\x0b"s + call(0)}) == "call 1");
  CHECK(event({"\x06\x40"s + call(2) + "\x19\x0b" + call(0), ""}) == "call 1");  // try, catch_all
  CHECK(event({"\x06\x40"s + call(0) + "\x19\x0b"}) == "none");
  CHECK(event({"\x06\x40\x01\x19\x0f\x0b"s + call(0)}) == "none");
  CHECK(event({"\x02\x40\x1f\x40\1\2\0\x01\x0b\x0b"s + call(0)}) == "call 1");  // try_table
  CHECK(event({"\x1f\x40\1\2\0\x01\x0b"s + call(0)}) == "none");
  CHECK(event({"\x0f"s + call(0)}) == "none");             // return
  CHECK(event({call(2) + call(0), "\x0f"s}) == "call 1");  // the callee's return does not count
  CHECK(event({call(1)}) == "none");                       // recursion
}
