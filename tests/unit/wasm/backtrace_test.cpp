#include "wasm/backtrace.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;

namespace {

// Functions () -> () with these bodies (no locals; the end is added), and names.
std::string functions(const std::vector<std::string>& bodies,
                      const std::vector<std::string>& names = {}) {
  std::vector<std::string> types(bodies.size(), leb(0));
  std::vector<std::string> code;
  for (const auto& body : bodies) code.push_back(name("\0"s + body + "\x0b"));
  std::vector<std::string> entries;
  for (const auto& text : names) {
    entries.push_back(leb(static_cast<std::uint32_t>(entries.size())) + name(text));
  }
  return header() + section(1, vec({func_type(":")})) + section(3, vec(types)) +
         section(10, vec(code)) + (names.empty() ? "" : custom("name", "\1" + name(vec(entries))));
}

struct Frame {
  std::size_t body;
  std::size_t offset;  // in it, the locals counted
  std::string name;
};

// What becomes of the names; empty where the trace does not fit.
std::vector<std::string> described(const std::string& bytes, const std::vector<Frame>& frames) {
  const auto module = wasm::parse_module(bytes, "m");
  std::vector<wasm::TraceFrame> trace;
  for (const auto& [body, offset, text] : frames) {
    trace.push_back(wasm::parse_frame(fmt::format("  {}:  {:#x} - {}", trace.size(),
                                                  module.bodies[body].offset + offset, text),
                                      0)
                        .value());
  }
  const auto result = wasm::describe(trace, module, wasm::Symbols(module));
  std::vector<std::string> names;
  for (std::size_t i = 0; result && i < trace.size(); ++i) {
    names.push_back((*result)[i].text + trace[i].text.substr((*result)[i].end));
  }
  return names;
}

std::string unknown(std::size_t index) {
  return fmt::format("unknown(function index:{})", index);
}

using Names = std::vector<std::string>;

// Offsets in bodies: 0 is the count of locals.
const std::string kTrap = "\0"s;            // unreachable
const std::string kCall0 = "\x10\0"s;       // call 0
const std::string kTry = "\x06\x40"s;       // try
const std::string kCatchAll = "\x19\x0b"s;  // catch_all, end
const std::string kDrop = "\x41\7\x1a"s;    // i32.const 7, drop

}  // namespace

TEST_CASE("a trace fits a module that can have made it") {
  const auto bytes = functions({kTrap, kDrop + kCall0, kTry + kCall0 + kCatchAll + kDrop + kTrap});
  const auto fits = [&](const std::vector<Frame>& trace) {
    return !described(bytes, trace).empty();
  };
  CHECK(fits({{0, 1, unknown(0)}}));
  CHECK(fits({{0, 1, unknown(0)}, {1, 4, unknown(1)}}));
  CHECK_FALSE(fits({{0, 1, unknown(1)}}));                        // another function
  CHECK_FALSE(fits({{1, 2, unknown(1)}}));                        // inside an instruction
  CHECK_FALSE(fits({{0, 1, unknown(0)}, {1, 1, unknown(1)}}));    // no call
  CHECK_FALSE(fits({{0, 1, unknown(0)}, {1, 300, unknown(1)}}));  // outside
  // Calls in a try: the byte before the body, and any instruction before them.
  CHECK(fits({{0, 1, unknown(0)}, {2, std::size_t(-1), unknown(2)}}));
  CHECK(fits({{0, 1, unknown(0)}, {2, 1, unknown(2)}}));
  CHECK_FALSE(fits({{0, 1, unknown(0)}, {2, 7, unknown(2)}}));                // behind the try
  CHECK_FALSE(fits({{0, 1, unknown(0)}, {1, std::size_t(-1), unknown(1)}}));  // without a try
}

TEST_CASE("a name of the log must be the function's, and is never replaced by less") {
  const auto named = functions({kTrap, kCall0}, {"_ZN1a1f17h0123456789abcdefE", "f"});
  CHECK(described(named, {{0, 1, "a::f::h0123456789abcdef"}}) == Names{"a::f"});
  CHECK(described(named, {{0, 1, "a::f::h0123456789abcdef"}, {1, 1, "float"}}) ==
        Names{"a::f", "f"});
  CHECK(described(named, {{0, 1, unknown(0)}, {1, 1, unknown(1)}}) == Names{"a::f", "f"});
  CHECK(described(named, {{0, 1, "a::f::h0123456789abcdee"}}).empty());
  CHECK(described(named, {{0, 1, "a::f::h0123456789abcdef"}, {1, 1, "g"}}).empty());
  CHECK(described(functions({kTrap}), {{0, 1, "a::f"}}) == Names{"a::f"});
  CHECK(described(functions({kTrap}), {{0, 1, unknown(0)}}) == Names{"function 0"});
  // Another demangler's spelling of the types.
  const auto types = functions({kTrap}, {"_ZN1a1fENSt3__26vectorIiNS0_9allocatorIiEEEE"});
  CHECK(described(types, {{0, 1, "a::f(std::__2::vector<int, std::__2::allocator<int>>)"}}) ==
        Names{"a::f(std::__2::vector<int, std::__2::allocator<int> >)"});
}

TEST_CASE("what follows a name stays") {
  const auto named = functions({kTrap}, {"_ZN1a1f17h0123456789abcdefE"});
  for (const auto* after : {"\tthread=71", "\r", "\"", "\\t", "           |", ""}) {
    CAPTURE(after);
    CHECK(described(named, {{0, 1, "a::f::h0123456789abcdef"s + after}}) == Names{"a::f"s + after});
    CHECK(described(functions({kTrap}), {{0, 1, "a::g(int)"s + after}}) ==
          Names{"a::g(int)"s + after});
    CHECK(described(named, {{0, 1, unknown(0) + after}}) == Names{"a::f"s + after});
  }
  CHECK(described(named, {{0, 1, "a::f::h0123456789abcdef0"}}).empty());
  // Quotes of a name, in a string of JSON.
  const auto literal = functions({kTrap}, {"_Zli3_kgy"});
  const auto module = wasm::parse_module(literal, "m");
  const std::string quoted = R"x(operator\"\" _kg(unsigned long long))x";
  const std::string after = R"x(","a":1)x";
  const auto frame = wasm::parse_frame(
      fmt::format("  0:  {:#x} - {}{}", module.bodies[0].offset + 1, quoted, after), 1);
  REQUIRE(frame);
  const auto result = wasm::describe({&*frame, 1}, module, wasm::Symbols(module)).value();
  CHECK(result[0].text == quoted);
  CHECK(frame->text.substr(result[0].end) == after);
}
