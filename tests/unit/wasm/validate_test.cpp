#include "wasm/validate/validate.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;

// The rules as such are tested by the scripts of tests/conformance. These are for what they say
// and for what only an interpreter sees.

namespace {

// Function 0 of type 0, (i32, i64) -> i32, with a memory, a table and a tag () -> ().
std::string with_code(const std::string& instructions, const std::string& more = {}) {
  return header() + section(1, vec({func_type("iI:i"), func_type(":")})) +
         section(3, vec({leb(0)})) + section(4, vec({"\x70\0\1"s})) + section(5, vec({"\0\1"s})) +
         section(13, vec({"\0\1"s})) + section(10, vec({name("\0"s + instructions + "\x0b")})) +
         more;
}

std::string refusal(const std::string& bytes) {
  try {
    wasm::read_module(bytes, "m");
    return "accepted";
  } catch (const Error& error) {
    return error.message();
  }
}

wasm::ControlTable table_of(const std::string& instructions) {
  std::vector<wasm::ControlTable> tables;
  wasm::validate(wasm::parse_module(with_code(instructions), "m"), &tables);
  return tables.at(0);
}

// "0x30/1 2@0": target, entry, values, height.
std::string listed(const wasm::ControlTable& table) {
  std::string text;
  for (const auto& branch : table.branches) {
    text +=
        fmt::format("{:#x}/{} {}@{} ", branch.target, branch.entry, branch.values, branch.height);
  }
  return text;
}

}  // namespace

TEST_CASE("what is invalid is told by function, instruction, offset, expected and found") {
  const std::pair<std::string, const char*> cases[] = {
      {"\x20\0"s, "accepted"},
      {"\x20\0\x20\1\x6a"s, "i32.add: expected i32, found i64 (offset 0x31)"},
      {"\x6a", "i32.add: expected i32, found nothing (offset 0x2d)"},
      {"", "end: expected i32, found nothing (offset 0x2d)"},
      {"\x20\0\x20\0"s,
       "end: expected (i32) at the end of the block, found 1 too many (offset 0x31)"},
      {"\x20\7"s, "local.get: local 7 does not exist; there are 2 (offset 0x2d)"},
      {"\x10\5"s, "call: function 5 does not exist; there are 1 (offset 0x2d)"},
      {"\x0c\5"s, "br: label 5 does not exist; there are 1 (offset 0x2d)"},
      {"\x23\0"s, "global.get: global 0 does not exist; there are 0 (offset 0x2d)"},
      {"\x20\0\x28\3\0"s, "i32.load: an alignment of 2^3 does not fit 4 bytes (offset 0x2f)"},
      {"\x05"s, "else: there is no `if` for it (offset 0x2d)"},
      {"\x19"s, "catch_all: there is no `try` for it (offset 0x2d)"},
      {"\x20\0\x09\0"s, "rethrow: its label is not of a catch (offset 0x2f)"},
      {"\x20\0\xd1"s, "ref.is_null: expected a reference, found i32 (offset 0x2f)"},
      {"\xd2\0"s,
       "ref.func: function 0 is not declared by an element segment, an export or a global (offset "
       "0x2d)"},
      {"\xfc\x09\0"s,
       "data.drop: there is no section that says how many data segments there are (offset 0x2d)"},
      {"\x20\1\x41\1\x41\0\x25\0\x1b"s, "select: expected i32, found funcref (offset 0x35)"},
  };
  for (const auto& [code, message] : cases) {
    CAPTURE(message);
    const auto got = refusal(with_code(code));
    CHECK(got == (message == "accepted"s ? message : "m: invalid Wasm: function 0: "s + message));
  }
}

TEST_CASE("a function is told by its name where it has one") {
  const auto names = custom("name", section(1, vec({leb(0) + name("_ZN2ns1fEi")})));
  CHECK(refusal(with_code("\x6a", names)) ==
        "m: invalid Wasm: function 0 (`ns::f(int)`): i32.add: expected i32, found nothing (offset "
        "0x2d)");
}

TEST_CASE("what is invalid outside of functions is told by its part") {
  const auto type = section(1, vec({func_type(":"), func_type("i:")}));
  const std::pair<std::string, const char*> cases[] = {
      {section(5, vec({"\1\2\1"s})), "memory 0 has a minimum of 2 and a maximum of 1 (offset 0xb)"},
      {section(5, vec({"\0\x81\x80\x04"s})),
       "memory 0 has 65537 pages of at most 65536 (offset 0xb)"},
      {section(5, vec({"\2\1"s})), "memory 0 is shared and has no maximum (offset 0xb)"},
      {section(5, vec({"\x08\1\4"s})),
       "memory 0 has pages of 2^4 bytes, neither 1 nor 65536 (offset 0xb)"},
      {section(4, vec({"\x64\x70\0\1"s})),
       "table 0 of type (ref func) has no initial value (offset 0xd)"},
      {section(6, vec({"\x7f\0\x42\0\x0b"s})),
       "global 0: end: expected i32, found i64 (offset 0xf)"},
      {section(6, vec({"\x7f\0\x23\0\x0b"s})),
       "global 0: global.get: global 0 is defined later (offset 0xd)"},
      {section(6, vec({"\x7f\1\x41\0\x0b"s, "\x7f\0\x23\0\x0b"s})),
       "global 1: global.get: global 0 is mutable, no constant (offset 0x12)"},
      {section(6, vec({"\x7f\0\x41\0\x67\x0b"s})),
       "global 0: i32.clz: is not allowed in a constant expression (offset 0xf)"},
      {section(7, vec({name("m") + "\2\0"s})),
       "export `m` is memory 0, which does not exist (offset 0xb)"},
      {section(5, vec({"\0\1"s})) + section(7, vec({name("m") + "\2\0"s, name("m") + "\2\0"s})),
       "`m` is exported twice (offset 0x14)"},
      {section(8, "\0"s), "the start function 0 does not exist (offset 0xa)"},
      {section(9, vec({"\0\x41\0\x0b\0"s})),
       "element segment 0 is for table 0, which does not exist (offset 0xb)"},
      {section(11, vec({"\0\x41\0\x0b\0"s})),
       "data segment 0 is for memory 0, which does not exist (offset 0xb)"},
      {section(1, vec({func_type(":"), func_type(":i")})) + section(13, vec({"\0\1"s})),
       "tag 0 has type () -> i32, with results (offset 0xe)"},
      {section(1, vec({"\x50\1\0\x5f\0"s})),
       "type 0 cannot have the supertype 0: it does not come before it (offset 0xb)"},
      {section(1, vec({"\x5f\0"s, "\x50\1\0\x5f\0"s})),
       "type 1 cannot have the supertype 0: that is final (offset 0xd)"},
  };
  for (const auto& [sections, message] : cases) {
    CAPTURE(message);
    CHECK(refusal(header() + sections) == "m: invalid Wasm: "s + message);
  }
}

TEST_CASE("proposals that no Envoy has are told by their names") {
  CHECK(refusal(header() + section(1, vec({"\x5d\0"s}))) ==
        "m: type 0 is of the stack switching proposal, which Envoy does not have (offset 0xb)");
  CHECK(refusal(with_code("\xe0\0"s)) ==
        "m: invalid Wasm: function 0: instruction 0xe0 is of the stack switching proposal, which "
        "Envoy does not have (offset 0x2d)");
}

TEST_CASE("what comes before is a module's own: nothing slow is asked by few bytes") {
  // Thousands of locals in each of many functions, of a few bytes each.
  std::vector<std::string> types(20'000, leb(0));
  std::vector<std::string> bodies(20'000, name("\1\xd0\x86\3\x7f\x20\xcf\x86\3\x1a\x0b"s));
  const auto bytes = header() + section(1, vec({func_type(":")})) + section(3, vec(types)) +
                     section(10, vec(bodies));
  CHECK(refusal(bytes) == "accepted");
}

TEST_CASE("branches know where they go, and what they take along") {
  // The first instruction is at 0x2d. block (result i32); local.get 0; br 0; end
  CHECK(listed(table_of("\x02\x7f\x20\0\x0c\0\x0b"s)) == "0x34/1 1@0 ");
  // loop; local.get 0; br_if 0; end; local.get 0: back to behind the loop's type
  CHECK(listed(table_of("\x03\x40\x20\0\x0d\0\x0b\x20\0"s)) == "0x2f/0 0@0 ");
  // if (result i32) with an else: to behind the else; from the else to behind the end
  CHECK(listed(table_of("\x20\0\x04\x7f\x41\1\x05\x41\2\x0b"s)) == "0x34/2 0@0 0x37/2 1@0 ");
  // br to the function's own label: to its end, which returns
  CHECK(listed(table_of("\x20\0\x0c\0"s)) == "0x31/1 1@0 ");
  // local.get 1 below what a br_table of two labels takes along
  CHECK(listed(table_of("\x20\1\x02\x7f\x20\0\x20\0\x0e\1\0\1\x0b\x1a\x1a\x20\0"s)) ==
        "0x3a/2 1@1 0x3e/2 1@0 ");
  const auto table = table_of("\x20\0\x20\0\x6a"s);
  CHECK(table.operands == 2);
  CHECK(table.locals == 2);
  CHECK(table.code == 0x2d);
}

TEST_CASE("handlers are listed from the innermost") {
  // try (catch_all (try (catch 0)) end) ...: local.get 0 last
  const auto table = table_of("\x06\x40\x06\x40\x08\0\x07\0\x09\0\x0b\x19\x0b\x20\0"s);
  REQUIRE(table.handlers.size() == 2);
  CHECK(table.handlers[0].kind == wasm::HandlerKind::tag);
  CHECK(table.handlers[0].begin == 0x31);
  CHECK(table.handlers[0].end == 0x33);
  CHECK(table.handlers[0].slot == 0);
  CHECK(table.branches[table.handlers[0].branch].target == 0x35);
  CHECK(table.handlers[1].kind == wasm::HandlerKind::all);
  CHECK(table.handlers[1].begin == 0x2f);
  CHECK(table.handlers[1].end == 0x38);
  CHECK(table.caught_slots == 1);
}
