#include "base/base64.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

using wasmctl::base::base64_decode;
using wasmctl::base::base64_encode;

TEST_CASE("base64 of RFC 4648's examples") {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xff\xfe", "//4="},
      {"\xff\xfe\xfd", "//79"},
  };
  for (const auto& [bytes, text] : cases) {
    CAPTURE(text);
    CHECK(base64_encode(bytes) == text);
    CHECK(base64_decode(text) == bytes);
  }
  CHECK(base64_decode("Zm8") == "fo");
  CHECK(base64_decode("Zm 8=") == std::nullopt);
}
