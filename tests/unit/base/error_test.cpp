#include "base/error.hpp"

#include <doctest/doctest.h>

using wasmctl::Code;
using wasmctl::Error;
using wasmctl::format_error;
using wasmctl::nearest;

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

TEST_CASE("control characters of others do not reach the terminal") {
  CHECK(wasmctl::escape_controls("a\x1b[2Jb\n\t\x7f \u009b \u00a0 \u00e4", "\t") ==
        "a\\x1b[2Jb\\x0a\t\\x7f \\u009b \u00a0 \u00e4");
  CHECK(wasmctl::escape_controls("\xc2") == "\xc2");
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
