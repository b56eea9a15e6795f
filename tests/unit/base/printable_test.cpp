#include "base/printable.hpp"

#include <doctest/doctest.h>

#include <string>

using wasmctl::base::printable;
using wasmctl::base::printable_json;
using wasmctl::base::printable_output;

TEST_CASE("text of others moves no cursor, ends no line and turns no direction") {
  const std::pair<std::string, std::string> cases[] = {
      {"a\x1b[2Jb\r\n\t\x7f \u009b \u0085", "a\\x1b[2Jb\\x0d\\x0a\\x09\\x7f \\u009b \\u0085"},
      {std::string("a\0b", 3), "a\\x00b"},
      {"v1\u202egpj\u202a\u2066\u2069\u200e\u200f\u2028\u2029\u061c.",
       "v1\\u202egpj\\u202a\\u2066\\u2069\\u200e\\u200f\\u2028\\u2029\\u061c."},
      // Those beside them are letters, spaces and joiners.
      {"Gr\u00fc\u00dfe \u65e5\u672c \u05d0 \u0627 \U0001f600",
       "Gr\u00fc\u00dfe \u65e5\u672c \u05d0 \u0627 \U0001f600"},
      {"\u00a0\u200d\u2010\u2027\u202f\u2065\u206a\u061b",
       "\u00a0\u200d\u2010\u2027\u202f\u2065\u206a\u061b"},
      // What is no UTF-8: Latin-1's letters stay, its controls and longer spellings do not.
      {"\xe4 \x9b"
       "31m \xc2 \xe2\x80 \xc0\x9b \xe0\x80\x9b",
       "\xe4 \\x9b31m \xc2 \xe2\\x80 \xc0\\x9b \xe0\\x80\\x9b"},
      {"\xed\xa0\x80 \xf4\x90\x80\x80", "\xed\xa0\\x80 \xf4\\x90\\x80\\x80"},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(want);
    CHECK(printable(text) == want);
    CHECK(printable(want) == want);
  }
}

TEST_CASE("no text of others is a command for a CI system") {
  const std::pair<std::string, std::string> cases[] = {
      {"::error file=a::b", "\\x3a:error file=a::b"},
      {"  ::add-mask::b", "  \\x3a:add-mask::b"},
      {"a ##vso[task.complete]##[error]", "a \\x23#vso[task.complete]\\x23#[error]"},
      {"###[x] ##teamcity[x]", "#\\x23#[x] \\x23#teamcity[x]"},
      // What is none.
      {"a::b ::c", "a::b ::c"},
      {"::1 :: ##", "::1 :: ##"},
      {"## [x] ##a-[", "## [x] ##a-["},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(want);
    CHECK(printable(text) == want);
    CHECK(printable(want) == want);
    CHECK(printable_output(text) == want);
  }
  CHECK(printable_output("a\n::error::b\n\t\x1b[1m ::warning::c\n::\n") ==
        "a\n\\x3a:error::b\n\t\x1b[1m \\x3a:warning::c\n::\n");
  CHECK(printable_output("a ::error::b") == "a ::error::b");
}

TEST_CASE("long text is cut between characters") {
  CHECK(printable(std::string(300, 'x'), 300) == std::string(300, 'x'));
  CHECK(printable(std::string(301, 'x'), 300) == std::string(300, 'x') + "...");
  CHECK(printable("a\u00e4\u00e4", 2) == "a...");
}

TEST_CASE("a tool's output keeps lines and colours, and nothing else") {
  CHECK(printable_output("a.cc:1:\t\x1b[0;1;31merror\x1b[0m\n") ==
        "a.cc:1:\t\x1b[0;1;31merror\x1b[0m\n");
  CHECK(printable_output("\x1b[2J\x1b]0;title\a\x1b[\r") ==
        "\\x1b[2J\\x1b]0;title\\x07\\x1b[\\x0d");
}

TEST_CASE("JSON keeps its values") {
  CHECK(printable_json("{\n  \"a\": \"\\u001b \x7f \u009b \u2028 \u202e \u00e4\"\n}") ==
        "{\n  \"a\": \"\\u001b \\u007f \\u009b \\u2028 \\u202e \u00e4\"\n}");
  CHECK(printable_json("[\"::error::##vso[a\"]") == "[\"::error::\\u0023#vso[a\"]");
}
