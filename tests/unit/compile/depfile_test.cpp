#include "compile/depfile.hpp"

#include <doctest/doctest.h>

using wasmctl::compile::parse_depfile;

TEST_CASE("parse_depfile") {
  using Files = std::vector<std::string>;
  const std::pair<const char*, Files> cases[] = {
      {"a.o: a.cc", {"a.cc"}},
      {"a.o: a.cc \\\n  b.h \\\n  /c/d.h\n", {"a.cc", "b.h", "/c/d.h"}},
      {"a.o: my\\ file.cc cost$$.h no\\#1.h\n", {"my file.cc", "cost$.h", "no#1.h"}},
      {"", {}},
      {"nothing", {}},
      {"a.o: \n", {}},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    CHECK(parse_depfile(text) == want);
  }
}
