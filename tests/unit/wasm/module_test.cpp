#include "wasm/module.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "tests/unit/wasm/assemble.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/names.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)

namespace {

std::string refusal(const std::string& bytes) {
  try {
    wasm::parse_module(bytes, "m.wasm");
    return "accepted";
  } catch (const Error& error) {
    CHECK(error.code() == Code::bad_input);
    return error.message();
  }
}

}  // namespace

TEST_CASE("parse_module reads what goes in and out") {
  const auto bytes = plugin_module({{"env", "proxy_log", "iii:i"}}, {{"proxy_on_tick", "i:"}}) +
                     custom("producers", "x");
  const auto module = wasm::parse_module(bytes, "m.wasm");
  REQUIRE(module.imports.size() == 1);
  CHECK(module.imports[0].module == "env");
  CHECK(module.imports[0].name == "proxy_log");
  CHECK(to_string(module.types[module.imports[0].type_index].function) == "(i32, i32, i32) -> i32");
  REQUIRE(module.exports.size() == 4);
  const auto* tick = module.find_export("proxy_on_tick");
  REQUIRE(tick != nullptr);
  CHECK(to_string(*module.function_type(tick->index)) == "(i32) -> ()");
  CHECK(module.find_export("absent") == nullptr);
  CHECK(module.function_type(4) == nullptr);
  CHECK(module.memories.at(0).minimum == 1);
  CHECK(module.bodies.size() == 3);
  CHECK(module.sections.back().name == "producers");
  CHECK(module.sections.back().content() == "x");
  CHECK(module.bytes.view() == bytes);
}

TEST_CASE("parse_module tells what is not Wasm by what it is") {
  const std::pair<std::string, const char*> cases[] = {
      {"", "m.wasm: not a Wasm module but an empty file"},
      {"hello\n", "m.wasm: not a Wasm module but a text file"},
      {"\x1f\x8b\x08", "m.wasm: not a Wasm module but gzip data"},
      {"\x7f"
       "ELF\2",
       "m.wasm: not a Wasm module but an ELF file, made for this machine and not for Wasm"},
      {"<!DOCTYPE html>", "m.wasm: not a Wasm module but an HTML page"},
      {"(module)",
       "m.wasm: not a Wasm module but the text form of Wasm: convert it with `wat2wasm`"},
      {"\x01\x02\x03\x04\x05", "m.wasm: not a Wasm module but data that begins with 01 02 03 04"},
      {header().substr(0, 5), "m.wasm: the file ends inside the header, after 5 bytes"},
      {std::string("\0asm\2\0\0\0", 8), "m.wasm: the version of Wasm is not 1 (offset 0x4)"},
      {std::string("\0asm\x0d\0\1\0", 8),
       "m.wasm: not a core Wasm module but a component, which proxies do not load"},
  };
  for (const auto& [bytes, message] : cases) {
    CAPTURE(message);
    CHECK(refusal(bytes) == message);
  }
}

TEST_CASE("parse_module refuses broken modules and says where") {
  const auto type = section(1, vec({func_type(":")}));
  const std::pair<std::string, const char*> cases[] = {
      {header() + "\5\xac\6" + std::string(96, 'x'),
       "m.wasm: section 5 (memory) claims 812 bytes, but 96 remain (offset 0xb)"},
      {header() + "\x55", "m.wasm: unknown section id 85 (offset 0x8)"},
      {header() + "\1", "m.wasm: section 1 (type) claims 1 bytes, but 0 remain (offset 0x9)"},
      {header() + type + type,
       "m.wasm: section 1 (type) stands twice or out of order (offset 0xe)"},
      {header() + section(3, vec({leb(0)})) + type,
       "m.wasm: a function has type 0 of 0 (offset 0xb)"},
      {header() + type + section(3, vec({leb(0)})),
       "m.wasm: 1 functions are declared, but 0 have code (offset 0x12)"},
      {header() + section(1, leb(1000)), "m.wasm: 1000 types cannot stand in 0 bytes (offset 0xa)"},
      {header() + section(1, vec({"\x5a"})),
       "m.wasm: type 0 is of an unknown form (0x5a) (offset 0xb)"},
      {header() + section(1, vec({"\x5f\1\x33"})), "m.wasm: unknown value type 0x33 (offset 0xd)"},
      {header() + section(1, vec({func_type(":")}) + "x"),
       "m.wasm: section 1 (type) has 1 bytes too many (offset 0xe)"},
      {header() + section(0, "\5ab"),
       "m.wasm: the name of a custom section claims 5 bytes, but 2 remain (offset 0xb)"},
      {header() + section(0, "\2\xc3("),
       "m.wasm: the name of a custom section is not valid UTF-8 (offset 0xb)"},
      {header() + std::string("\1\xff\xff\xff\xff\xff", 6),
       "m.wasm: section 1 (type) has a number of more than 32 bits (offset 0x9)"},
      {header() + type + section(7, vec({name("f") + '\0' + leb(7)})),
       "m.wasm: export `f` is function 7, which does not exist (offset 0x14)"},
  };
  for (const auto& [bytes, message] : cases) {
    CAPTURE(message);
    CHECK(refusal(bytes) == message);
  }
}

TEST_CASE("no prefix of a module is taken for one, and nothing crashes on it") {
  const auto bytes = plugin_module({{"env", "proxy_log", "iii:i"}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(wasm::require_loadable(bytes.substr(0, size), "m.wasm"), Error);
  }
}

TEST_CASE("function_names reads the name section and shrugs at a broken one") {
  const auto plain = plugin_module();
  const auto names = [&](const std::string& bytes) {
    return wasm::function_names(wasm::parse_module(bytes, "m.wasm"));
  };
  CHECK(names(plain).empty());
  const auto functions = vec({leb(0) + name("abi"), leb(1) + name("malloc")});
  const auto named = names(plain + custom("name", section(0, name("m")) + section(1, functions)));
  CHECK(named == std::map<std::uint32_t, std::string>{{0, "abi"}, {1, "malloc"}});
  CHECK(names(plain + custom("name", "\1\x7f")).empty());
}

TEST_CASE("without_custom_sections drops those and no other byte") {
  const auto plain = plugin_module();
  const auto bytes = plain + custom("name", "abc") + custom("mine", "kept") + custom("producers");
  const auto module = wasm::parse_module(bytes, "m.wasm");
  CHECK(wasm::without_custom_sections(module, [](std::string_view section) {
          return section != "mine";
        }) == plain + custom("mine", "kept"));
}
