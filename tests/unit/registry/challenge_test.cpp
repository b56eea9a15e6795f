#include "registry/challenge.hpp"

#include <doctest/doctest.h>

#include <string>

using wasmctl::registry::Challenge;
using wasmctl::registry::covers;
using wasmctl::registry::join_scopes;
using wasmctl::registry::parse_challenges;

TEST_CASE("parse_challenges") {
  using Challenges = std::vector<Challenge>;
  const struct {
    const char* name;
    std::string header;
    Challenges want;
  } cases[] = {
      {"basic", R"(Basic realm="kit")", {{"basic", {{"realm", "kit"}}}}},
      {"bearer",
       R"(Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push")",
       {{"bearer",
         {{"realm", "https://auth.example/token"},
          {"service", "registry"},
          {"scope", "repository:a/b:pull,push"}}}}},
      {"any case and space",
       R"(BEARER  Realm = "x" ,  Service=y)",
       {{"bearer", {{"realm", "x"}, {"service", "y"}}}}},
      {"two in one header",
       R"(Basic realm="a", Bearer realm="b",scope="c")",
       {{"basic", {{"realm", "a"}}}, {"bearer", {{"realm", "b"}, {"scope", "c"}}}}},
      {"escaped quote", R"(Basic realm="a\"b")", {{"basic", {{"realm", "a\"b"}}}}},
      {"no parameters", "Negotiate", {{"negotiate", {}}}},
      {"a token in place of parameters",
       R"(Negotiate YII/abc+d==, Basic realm="a")",
       {{"negotiate", {}}, {"basic", {{"realm", "a"}}}}},
      {"such a token in the middle and at the end",
       R"(Basic realm="a", NTLM TlRM/= , Bearer realm="b", Negotiate a.b~c-d_e/f)",
       {{"basic", {{"realm", "a"}}},
        {"ntlm", {}},
        {"bearer", {{"realm", "b"}}},
        {"negotiate", {}}}},
      {"schemes alone", "Negotiate, Basic", {{"negotiate", {}}, {"basic", {}}}},
      {"a parameter without quotes", "Basic realm=a", {{"basic", {{"realm", "a"}}}}},
      {"the first of two equal keys",
       R"(Basic realm="a",realm="b")",
       {{"basic", {{"realm", "a"}}}}},
      {"empty", "", {}},
      {"only commas", ",,,", {}},
      {"no closing quote", R"(Bearer realm="x)", {{"bearer", {}}}},
      {"ends in an escape", "Bearer realm=\"x\\", {{"bearer", {}}}},
      {"garbage", "\x01\x02", {}},
      {"garbage after", "Basic realm=a \x01", {{"basic", {{"realm", "a"}}}}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(parse_challenges(c.header) == c.want);
  }
}

TEST_CASE("join_scopes") {
  const struct {
    std::string a, b, want;
  } cases[] = {
      {"repository:a:pull", "", "repository:a:pull"},
      {"", "repository:a:pull", "repository:a:pull"},
      {"repository:a:pull,push", "repository:a:push,pull", "repository:a:pull,push"},
      {"repository:a:pull", "repository:a:pull,push", "repository:a:pull,push"},
      {"repository:a:pull,push repository:b:pull", "repository:a:pull",
       "repository:a:pull,push repository:b:pull"},
      {"repository:a:pull", " registry:catalog:*  x ", "repository:a:pull registry:catalog:* x"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.a);
    CAPTURE(c.b);
    CHECK(join_scopes(c.a, c.b) == c.want);
  }
}

TEST_CASE("covers") {
  CHECK(covers("repository:a:pull,push repository:b:pull", "repository:a:pull"));
  CHECK(covers("repository:a:pull,push", "repository:a:push,pull"));
  CHECK_FALSE(covers("repository:a:pull", "repository:a:pull,push"));
  CHECK_FALSE(covers("repository:a:pull", "repository:b:pull"));
  CHECK_FALSE(covers("", "repository:a:pull"));
  CHECK_FALSE(covers("repository:a:pull", ""));
}
