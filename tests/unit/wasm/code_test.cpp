#include "wasm/code.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "tests/unit/wasm/assemble.hpp"
#include "wasm/module.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;

namespace {

// A module of one function () -> () with these instructions, the last `end` included.
std::string with_code(const std::string& instructions) {
  return header() + section(1, vec({func_type(":")})) + section(3, vec({leb(0)})) +
         section(10, vec({name("\0"s + instructions)}));
}

// "0x41@0x18", ...: each instruction, or what was wrong.
std::string listed(const std::string& instructions) {
  const auto module = wasm::parse_module(with_code(instructions), "m");
  std::string text;
  try {
    wasm::Instructions reader(wasm::instructions_of(module, 0));
    wasm::Instruction instruction;
    while (reader.next(instruction)) {
      text += fmt::format("{:#x}@{:#x} ", instruction.opcode, instruction.offset);
    }
  } catch (const Error& error) {
    return error.message();
  }
  return text;
}

bool uses(const std::string& instructions, wasm::Feature feature) {
  const auto module = wasm::parse_module(with_code(instructions), "m");
  wasm::Instructions reader(wasm::instructions_of(module, 0));
  wasm::Instruction instruction;
  while (reader.next(instruction)) continue;
  return reader.features().contains(feature);
}

}  // namespace

TEST_CASE("instructions are read with their immediates") {
  CHECK(listed("\x0b") == "0xb@0x17 ");
  CHECK(listed("\x41\xff\x00\x1a\x0b"s) == "0x41@0x17 0x1a@0x1a 0xb@0x1b ");
  CHECK(listed("\x02\x40\x0c\x00\x0b\x0b"s) == "0x2@0x17 0xc@0x19 0xb@0x1b 0xb@0x1c ");
  CHECK(listed("\xfd\x0c"s + std::string(16, 'x') + "\x1a\x0b") ==
        "0xfd000c@0x17 0x1a@0x29 0xb@0x2a ");
  // br_table: two labels and a default.
  CHECK(listed("\x41\x00\x0e\x02\x00\x00\x00\x0b"s) == "0x41@0x17 0xe@0x19 0xb@0x1e ");
  CHECK(listed("\x43zzzz\x1a\x44zzzzzzzz\x1a\x0b") ==
        "0x43@0x17 0x1a@0x1c 0x44@0x1d 0x1a@0x26 0xb@0x27 ");
}

TEST_CASE("what is no code is refused with its place") {
  CHECK(listed("\x27\x0b") == "unknown instruction 0x27 (offset 0x17)");
  CHECK(listed("\xe3\x0b") ==
        "instruction 0xe3 is of the stack switching proposal, which Envoy does not have (offset "
        "0x17)");
  CHECK(listed("\xfc\x7f\x0b") == "unknown instruction 0xfc 0x7f (offset 0x17)");
  CHECK(listed("\x41\x80") == "an instruction claims 1 bytes, but 0 remain (offset 0x19)");
  CHECK(listed("\x02\x40\x0b") == "an instruction claims 1 bytes, but 0 remain (offset 0x1a)");
  CHECK(listed("\x41\xff\xff\xff\xff\x4f\x0b") ==
        "an instruction has a number of more than 32 bits (offset 0x18)");
}

TEST_CASE("features are seen in the code") {
  using wasm::Feature;
  const std::pair<std::string, Feature> cases[] = {
      {"\x41\0\xc0\x1a\x0b"s, Feature::sign_extension},
      {"\xfc\x0b\0\x0b"s, Feature::bulk_memory},
      {"\x06\x40\x19\x0b\x0b"s, Feature::legacy_exceptions},
      {"\x1f\x40\0\x0b\x0b"s, Feature::exceptions},
      {"\x12\0\x0b"s, Feature::tail_calls},
      {"\xfe\x03\0\x0b"s, Feature::threads},
      {"\xfb\x1c\x0b"s, Feature::gc},
      {"\xfc\x13\x0b"s, Feature::wide_arithmetic},
      {"\xfd\x80\x02\x0b"s, Feature::relaxed_simd},
      {"\xd0\x70\x1a\x0b"s, Feature::reference_types},
      {"\x02\x69\x0b\x0b"s, Feature::exceptions},
  };
  for (const auto& [code, feature] : cases) {
    CAPTURE(static_cast<int>(feature));
    CHECK(uses(code, feature));
    CHECK_FALSE(uses("\x0b", feature));
  }
}

TEST_CASE("the numbers of an instruction can be written anew") {
  const auto bytes = with_code("\x41\x85\x80\x00\x28\x02\x90\x80\x80\x00\x1a\x0b"s);
  const auto module = wasm::parse_module(bytes, "m");
  std::vector<wasm::Number> numbers;
  wasm::Instructions reader(wasm::instructions_of(module, 0), &numbers);
  wasm::Instruction instruction;
  REQUIRE(reader.next(instruction));
  REQUIRE(numbers.size() == 1);
  CHECK(numbers[0].value == 5);
  CHECK(numbers[0].size == 3);
  CHECK(numbers[0].is_signed);
  REQUIRE(reader.next(instruction));
  REQUIRE(numbers.size() == 2);
  CHECK(numbers[1].value == 16);
  CHECK_FALSE(numbers[1].is_signed);
}
