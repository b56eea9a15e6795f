#include "base/error.hpp"

#include <doctest/doctest.h>

using wasmctl::Code;
using wasmctl::Error;
using wasmctl::format_error;
using wasmctl::nearest;
using wasmctl::Place;

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
  CHECK(format_error(Error(Code::build_failed, "no").because("a.cc:1: error\n   ^\n")) ==
        "error: no\na.cc:1: error\n   ^\n");
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

TEST_CASE("control characters of others do not reach the terminal") {
  CHECK(wasmctl::escape_controls("a\x1b[2Jb\n\t\x7f \u009b \u00a0 \u00e4", "\t") ==
        "a\\x1b[2Jb\\x0a\t\\x7f \\u009b \u00a0 \u00e4");
  CHECK(wasmctl::escape_controls("\xc2") == "\xc2");
  CHECK(wasmctl::escape_controls("v1\u202egpj\u202a\u2066\u2069\u200e\u200f\u2028\u2029\u061c.") ==
        "v1\\u202egpj\\u202a\\u2066\\u2069\\u200e\\u200f\\u2028\\u2029\\u061c.");
  // Those beside them are letters, spaces and joiners; what is cut is left as it is.
  CHECK(wasmctl::escape_controls("\u200d\u2010\u2027\u202f\u2065\u206a\u061b \U0001f600") ==
        "\u200d\u2010\u2027\u202f\u2065\u206a\u061b \U0001f600");
  CHECK(wasmctl::escape_controls("\xe2\x80") == "\xe2\x80");
  CHECK(format_error(Error(Code::io, "a\x1b").because("b\x1b").hint("c\x1b")) ==
        "error: a\\x1b\n  caused by: b\\x1b\nhint: c\\x1b\n");
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
