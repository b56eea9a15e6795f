#include "wasm/symbols.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "tests/unit/wasm/assemble.hpp"
#include "wasm/backtrace.hpp"
#include "wasm/names.hpp"
#include "wasm/pack.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;

namespace {

std::string le(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

// .debug_line of one unit, version 4: a.cc in directory src, and a program.
std::string line_unit(const std::string& program) {
  const auto rest =
      "\1\1\1\xfb\x0e\x0d\0\1\1\1\1\0\0\0\1\0\0\1"s  // lengths of the standard opcodes
      "src\0\0a.cc\0\1\0\0\0"s;
  const auto unit = le(4, 2) + le(static_cast<std::uint32_t>(rest.size()), 4) + rest + program;
  return le(static_cast<std::uint32_t>(unit.size()), 4) + unit;
}

std::string set_address(std::uint32_t address) {
  return "\0\5\2"s + le(address, 4);
}

// Two functions () -> () of three instructions each, the first with numbers wider than needed.
std::string two_functions(const std::string& customs) {
  const auto wide = name("\0\x41\x85\x80\x80\x80\x00\x1a\x0b"s);
  const auto plain = name("\0\x41\x07\x1a\x0b"s);
  return header() + section(1, vec({func_type(":")})) + section(3, vec({leb(0), leb(0)})) +
         section(10, vec({wide, plain})) + customs;
}

const std::string kNames =
    custom("name", "\1" + name(vec({leb(0) + name("_ZN1a4wideEv"), leb(1) + name("plain")})));

}  // namespace

TEST_CASE("names are made readable") {
  const std::pair<const char*, const char*> cases[] = {
      {"_ZN1X1fEi", "X::f(int)"},
      {"proxy_log", "proxy_log"},
      {"i", "i"},  // would be `int` as a mangled type
      {"_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"},
      {"_ZN29_$LT$a..B$u20$as$u20$c..D$GT$1f17h0123456789abcdefE.463", "<a::B as c::D>::f"},
      {"_ZN8dlmalloc17Dlmalloc$LT$A$GT$4free17hf88d5c91704b6402E", "dlmalloc::Dlmalloc<A>::free"},
      {"_ZN99_x17h0123456789abcdefE", "_ZN99_x17h0123456789abcdefE"},
      {"_Z", "_Z"},
  };
  for (const auto& [symbol, readable] : cases) CHECK(wasm::demangle(symbol) == readable);
}

TEST_CASE("a symbol that would grow without bound stays as it is") {
  // f(a<int>, b<a<int>, a<int>>, c<b<...>, b<...>>, ...): each parameter is twice the one before.
  std::string symbol = "_Z1f1aIiE";
  for (int i = 0; i < 60; ++i) {
    const auto before = i == 0 ? std::string("S0_") : fmt::format("S{:X}_", i + i);
    symbol += "1bI" + before + before + "E";
  }
  CHECK(wasm::demangle(symbol) == symbol);
}

TEST_CASE("lines are found by the offset of an instruction") {
  // Address 2 is line 3, address 4 line 4, the sequence ends at 6.
  const auto program = set_address(2) + "\3\2\1"s + "\2\2\3\1\1"s + "\2\2\0\1\1"s;
  const auto bytes = two_functions(custom(".debug_line", line_unit(program)));
  const auto module = wasm::parse_module(bytes, "m");
  const wasm::LineTable lines(module);
  const auto code = module.sections[2].payload;
  CHECK_FALSE(lines.find(code + 1));
  CHECK(lines.find(code + 2) == Place{"src/a.cc", 3});
  CHECK(lines.find(code + 3) == Place{"src/a.cc", 3});
  CHECK(lines.find(code + 5) == Place{"src/a.cc", 4});
  CHECK_FALSE(lines.find(code + 6));
  CHECK_FALSE(lines.find(0));
}

TEST_CASE("broken line information ends the table and is no error") {
  const auto program = set_address(2) + "\3\2\1"s + "\2\2\0\1\1"s;
  auto unit = line_unit(program);
  for (std::size_t size = 0; size < unit.size(); ++size) {
    const auto bytes = two_functions(custom(".debug_line", unit.substr(0, size)));
    CHECK(wasm::LineTable(wasm::parse_module(bytes, "m")).empty());
  }
  // What a linker leaves of a function that it dropped.
  const auto gone =
      two_functions(custom(".debug_line", line_unit(set_address(0) + "\1\2\2\0\1\1"s)));
  CHECK(wasm::LineTable(wasm::parse_module(gone, "m")).empty());
}

TEST_CASE("a side file belongs to one build, and leads from the shipped module to lines") {
  // In the linked module: the first function's drop at address 9, line 5.
  const auto program = set_address(9) + "\3\4\1"s + "\2\1\0\1\1"s;
  const auto linked = two_functions(custom(".debug_line", line_unit(program)) + kNames);
  const auto strip = [](const std::string& bytes) {
    return wasm::shipped(wasm::parse_module(bytes, "m"), wasm::Names::none);
  };
  const auto shipped = strip(linked);
  const auto module = wasm::parse_module(shipped, "m");
  CHECK(shipped.size() == two_functions("").size() - 4 + wasm::smallest_name_section().size());
  const auto side = wasm::make_side_file(module, linked);
  const wasm::Symbols symbols(module, wasm::parse_module(side, "m"), "m.debug.wasm");
  CHECK(symbols.has_names());
  CHECK(symbols.function(0) == "a::wide()");
  CHECK(symbols.function(1) == "plain");
  CHECK(symbols.function(2) == "function 2");
  const auto drop = module.bodies[0].offset + 3;  // behind `0 locals, i32.const 5`
  CHECK(symbols.place(drop) == Place{"src/a.cc", 5});
  CHECK_FALSE(symbols.place(drop - 1));  // no instruction begins there
  CHECK(strip(side) == shipped);

  const auto other = wasm::parse_module(strip(two_functions("") + custom("mine", "x")), "m");
  CHECK(wasm::build_id(other) == wasm::build_id(module));
  const auto changed = wasm::parse_module(plugin_module(), "m");
  CHECK_THROWS_WITH_AS(wasm::Symbols(changed, wasm::parse_module(side, "m"), "m.debug.wasm"),
                       "m.debug.wasm belongs to another build of the module", Error);
}

TEST_CASE("frames are told from all other text") {
  const auto frame = wasm::parse_frame("  0:  0x16a - unknown(function index:7)", 0);
  REQUIRE(frame);
  CHECK(frame->number == 0);
  CHECK(frame->offset == 0x16a);
  CHECK(frame->index == 7);
  const auto named = wasm::parse_frame("istio-proxy |  12:  0x1f - a::f(int)", 0);
  REQUIRE(named);
  CHECK(named->number == 12);
  CHECK(named->name_begin == 27);
  for (const auto* text :
       {"", "0x16a", "  0:  0x - f", "  :  0x1 - f", "0x1 - f", "  0: 0x1g - f",
        "  0:  0xfffffffffffffffff - f", "  0:  0x1 - unknown(function index:99999999999)",
        "  0:  0x1 - unknown(function index:7", "  99999999999999999999:  0x1 - f",
        "   3:  0x55d0c0ffee00 - main"}) {
    CAPTURE(text);
    CHECK_FALSE(wasm::parse_frame(text, 0));
  }
}

TEST_CASE("a call that was inlined has its line, and the function that is there its own") {
  // Address 2 is line 9 of what was inlined; the sequence ends at 6.
  const auto program = set_address(2) + "\3\x08\1"s + "\2\4\0\1\1"s;
  const auto addresses = [](std::uint32_t begin, std::uint32_t size) {
    return le(begin, 4) + le(size, 4);
  };
  // Tag, whether it has children, attributes with their forms.
  const std::string abbreviations =
      "\1\x11\1\x10\x17\x11\1\x12\6\0\0"s +  // a unit: statements, addresses
      "\2\x2e\0\3\x08\0\0"s +                // a function that was inlined: its name
      "\3\x2e\1\x11\1\x12\6\0\0"s +          // a function: addresses
      "\4\x1d\1\x31\x13\x11\1\x12\6\x58\x0b\x59\x0b\0\0"s +  // inlined: which, where, from where
      "\0"s;
  const std::string unit_entry = "\1"s + le(0, 4) + addresses(2, 8);
  const std::size_t names = 11 + unit_entry.size();
  const auto inlined = [&](std::size_t origin, std::uint32_t begin, std::uint32_t size, int line) {
    return "\4"s + le(static_cast<std::uint32_t>(origin), 4) + addresses(begin, size) + "\1"s +
           static_cast<char>(line);
  };
  const std::string entries = unit_entry + "\2outer\0"s + "\2inner\0"s + "\3"s + addresses(2, 8) +
                              inlined(names, 2, 4, 5) + inlined(names + 7, 2, 2, 7) + "\0\0\0\0"s;
  const std::string unit = le(4, 2) + le(0, 4) + "\4"s + entries;
  const std::string info = le(static_cast<std::uint32_t>(unit.size()), 4) + unit;
  const auto with = [&](const std::string& content) {
    return wasm::parse_module(
        two_functions(custom(".debug_line", line_unit(program)) +
                      custom(".debug_abbrev", abbreviations) + custom(".debug_info", content)),
        "m");
  };
  const auto module = with(info);
  const auto code = module.find_section(wasm::SectionId::code)->payload;
  const wasm::Symbols symbols(module);
  CHECK(symbols.origins(code + 2) == std::vector<wasm::Origin>{{"", {"src/a.cc", 5}},
                                                               {"outer", {"src/a.cc", 7}},
                                                               {"inner", {"src/a.cc", 9}}});
  CHECK(symbols.origins(code + 4) ==
        std::vector<wasm::Origin>{{"", {"src/a.cc", 5}}, {"outer", {"src/a.cc", 9}}});
  CHECK(symbols.origins(code + 6).empty());
  // What is broken costs the calls, and no more.
  for (std::size_t size = 0; size < info.size(); ++size) {
    const auto cut = with(info.substr(0, size));
    CHECK(wasm::Symbols(cut).origins(code + 2).back().place == Place{"src/a.cc", 9});
  }
}
