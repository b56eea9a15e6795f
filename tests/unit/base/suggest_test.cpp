#include "base/suggest.hpp"

#include <doctest/doctest.h>

using wasmctl::base::suggest;

TEST_CASE("suggest names the nearest word, and all") {
  constexpr std::string_view kWords[] = {"container", "annotations"};
  CHECK(suggest("containr", kWords) == "did you mean `container`? one of: container, annotations");
  CHECK(suggest("volume", kWords) == "one of: container, annotations");
  CHECK(suggest("", kWords) == "one of: container, annotations");
}
