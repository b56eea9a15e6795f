#include "cli/flags/key_value.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using wasmctl::Error;
namespace cli = wasmctl::cli;

TEST_CASE("KEY=VALUE is cut at the first `=`") {
  const auto pair = cli::parse_key_value("--env", "A=b=c", "NAME=VALUE");
  CHECK(pair.key == "A");
  CHECK(pair.value == "b=c");
  CHECK(cli::parse_key_value("--env", "A=").value.empty());
  for (const char* word : {"A", "=b", ""}) {
    CAPTURE(word);
    const auto message = "--env: expected NAME=VALUE, not `" + std::string(word) + "`";
    CHECK_THROWS_WITH_AS(cli::parse_key_value("--env", word, "NAME=VALUE"), message.c_str(), Error);
  }
}

TEST_CASE("a selector has equal labels, each with one value") {
  using Labels = std::map<std::string, std::string>;
  CHECK(cli::parse_selector({"app=a", "tier==b", "acme.io/x="}) ==
        Labels{{"app", "a"}, {"tier", "b"}, {"acme.io/x", ""}});
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"app=a", "app=b"}, "--selector: `app` is given a second value"},
      {{"app!=a"}, "--selector: expected KEY=VALUE, not `app!=a`"},
      {{"!app"}, "--selector: expected KEY=VALUE, not `!app`"},
      {{"app in (a)"}, "--selector: expected KEY=VALUE, not `app in (a)`"},
      {{"my app=a"},
       "--selector: `my app` is not a label: expected [PREFIX/]NAME, the name 1 to 63 of letters, "
       "digits, `-`, `_` and `.`"},
      {{"app=a b"},
       "--selector: `a b` is not a label's value: expected up to 63 letters, digits, `-`, `_` and "
       "`.`"},
  };
  for (const auto& [words, message] : cases) {
    CAPTURE(message);
    CHECK_THROWS_WITH_AS(cli::parse_selector(words), message, Error);
  }
}
