#include "compile/complaints.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/place.hpp"

using wasmctl::Place;
using wasmctl::to_string;
using wasmctl::compile::complaints;

TEST_CASE("complaints are the errors of clang and the linker, each with its notes") {
  const auto found = complaints(
      "In file included from plugin.cc:1:\n"
      "./other.h:3:10: warning: unused [-Wunused]\n"
      "    3 | int error: 1\n"
      "plugin.cc:13:50: error: non-virtual member function marked 'override' hides virtual member "
      "function\n"
      "   13 |   FilterHeadersStatus onRequestHeaders(uint32_t) override;\n"
      "sdk/proxy_wasm_context.h:241:31: note: hidden overloaded virtual function\n"
      "dir with:colon/b.cc:2:1: fatal error: 'zstd.h' file not found\n"
      "wasm-ld: error: unable to find library -lc++\n"
      "2 errors generated.\n");
  REQUIRE(found.size() == 3);
  CHECK(found[0].place == Place{"plugin.cc", 13, 50});
  CHECK(found[0].message ==
        "non-virtual member function marked 'override' hides virtual member function");
  CHECK(found[0].text.find("note: hidden overloaded") != std::string::npos);
  CHECK(!found[0].fatal);
  CHECK(found[1].place == Place{"dir with:colon/b.cc", 2, 1});
  CHECK(found[1].fatal);
  CHECK(found[2].place.line == 0);
  CHECK(found[2].message == "unable to find library -lc++");
}

TEST_CASE("colours of a terminal do not hide a complaint") {
  const auto found = complaints(
      "\x1b[1mplugin.cc:3:10: \x1b[0m\x1b[0;1;31mfatal error: \x1b[0m\x1b[1m'zstd.h' file not "
      "found\x1b[0m\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].message == "'zstd.h' file not found");
  CHECK(to_string(found[0].place) == "plugin.cc:3:10");
}

TEST_CASE("there is no complaint in other text, nor in half a one") {
  CHECK(complaints("").empty());
  CHECK(complaints("error").empty());
  CHECK(complaints("no error: here").empty());
  CHECK(complaints("\x1b[").empty());
  CHECK(complaints(": error: x")[0].place.line == 0);
  CHECK(complaints("a:99999999999999999999:1: error: x")[0].place.line == 0);
}
