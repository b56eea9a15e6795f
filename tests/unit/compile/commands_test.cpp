#include "compile/commands.hpp"

#include <doctest/doctest.h>

using namespace wasmctl::compile;  // NOLINT(google-build-using-namespace)

TEST_CASE("begins_with_include is true only where a precompiled header changes nothing") {
  const std::pair<const char*, bool> cases[] = {
      {"#include \"sdk.h\"\nint x;\n", true},
      {"// A plugin.\n\n/* of\nmine */ #include <string>\n#include \"sdk.h\"\n", true},
      {"#include <string>\r\n#include \"sdk.h\"\r\n", true},
      {"#define X 1\n#include \"sdk.h\"\n", false},
      {"#include \"mine.h\"\n#include \"sdk.h\"\n", false},
      {"#pragma once\n#include \"sdk.h\"\n", false},
      {"// a comment that goes on \\\n#include \"sdk.h\"\n", false},
      {"/* never closed #include \"sdk.h\"\n", false},
      {"/*/ #include \"sdk.h\"\n", false},
      {"#include \"sdk.hpp\"\n", false},
      {"", false},
  };
  for (const auto& [source, want] : cases) {
    CAPTURE(source);
    CHECK(begins_with_include(source, "sdk.h") == want);
  }
}

TEST_CASE("a source is compiled as what it is, whatever its name") {
  CHECK(source_words("a.cc") == Words{"-x", "c++", "a.cc"});
  CHECK(source_words("src/a.c") == Words{"-x", "c", "src/a.c"});
  CHECK(source_words("-a.cc") == Words{"-x", "c++", "./-a.cc"});
  CHECK(source_words("@src/a.o") == Words{"-x", "c++", "./@src/a.o"});
}

TEST_CASE("named_libraries") {
  using Files = std::vector<std::filesystem::path>;
  CHECK(named_libraries({"-La", "x.a", "-lre2", "-L/b", "-Wl,-x"}) ==
        Files{"x.a", "a/libre2.a", "/b/libre2.a"});
  CHECK(named_libraries({}).empty());
}

TEST_CASE("undefined_symbols") {
  CHECK(undefined_symbols("wasm-ld: error: a.o: undefined symbol: x\n"
                          "wasm-ld: error: b.o: undefined symbol: x\n"
                          "wasm-ld: error: a.o: undefined symbol: X::y\n") == Words{"x", "X::y"});
  CHECK(undefined_symbols("wasm-ld: error: out of luck\n").empty());
  CHECK(undefined_symbols("undefined symbol: cut") == Words{"cut"});
}
