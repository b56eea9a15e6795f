#include "base/error.hpp"
#include "base/suggest.hpp"

#include <doctest/doctest.h>

using wasmctl::Code;
using wasmctl::Error;
using wasmctl::format_error;
using wasmctl::Place;
using wasmctl::base::nearest;

TEST_CASE("format_error prints what, why, and what next") {
  CHECK(format_error(Error(Code::io, "disk full")) == "error: disk full\n");
  CHECK(format_error(Error(Code::denied, "cannot push")
                         .because("403 DENIED")
                         .because("the token allows only `pull`")
                         .hint("log in")
                         .hint("or ask")) ==
        "error: cannot push\n"
        "  caused by: 403 DENIED\n"
        "  caused by: the token allows only `pull`\n"
        "hint: log in\n"
        "hint: or ask\n");
  // A compiler's own words stay as they are.
  CHECK(format_error(Error(Code::build_failed, "no").with_output("a.cc:1: error\n   ^\n")) ==
        "error: no\na.cc:1: error\n   ^\n");
}

TEST_CASE("a message, a cause and a hint are one line each, whatever is in them") {
  CHECK(format_error(Error(Code::io, "a\x1b\nb").because("c\nerror: d").hint("e\rf")) ==
        "error: a\\x1b\\x0ab\n  caused by: c\\x0aerror: d\nhint: e\\x0df\n");
}

TEST_CASE("an error of a place has it before its reason") {
  const Error error(Code::bad_input, Place{"a.yaml", 3, 7}, "a tab");
  CHECK(error.message() == "a.yaml:3:7: a tab");
  CHECK(error.reason() == "a tab");
  CHECK(error.place() == Place{"a.yaml", 3, 7});
  const Error nowhere(Code::io, "disk full");
  CHECK(nowhere.reason() == "disk full");
  CHECK_FALSE(nowhere.place());
  CHECK(to_string(Place{"a.wasm"}) == "a.wasm");
  CHECK(to_string(Place{"a.cc", 3}) == "a.cc:3");
}

TEST_CASE("nearest suggests what was meant, or nothing") {
  const std::vector<std::string_view> phases = {"AUTHN", "AUTHZ", "STATS"};
  const std::pair<const char*, const char*> cases[] = {
      {"AUTH", "AUTHN"}, {"AUTZH", "AUTHZ"}, {"STAT", "STATS"}, {"banana", ""}, {"", ""},
  };
  for (const auto& [word, want] : cases) {
    CAPTURE(word);
    CHECK(nearest(word, phases) == want);
  }
}
