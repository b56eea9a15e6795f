#include "base/sha256.hpp"

#include <doctest/doctest.h>

#include <string>

using wasmctl::base::Sha256;
using wasmctl::base::sha256_hex;

TEST_CASE("sha256 of FIPS 180-2's examples, and of nothing") {
  const std::pair<std::string, const char*> cases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1000000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const auto& [bytes, want] : cases) {
    CAPTURE(want);
    CHECK(sha256_hex(bytes) == want);
  }
}

TEST_CASE("sha256 of a stream does not depend on how it is cut") {
  const std::string bytes(1000, 'x');
  for (const std::size_t step : {1U, 7U, 64U, 999U, 1000U}) {
    CAPTURE(step);
    Sha256 sha256;
    for (std::size_t i = 0; i < bytes.size(); i += step) {
      sha256.update(std::string_view(bytes).substr(i, step));
    }
    CHECK(sha256.hex() == sha256_hex(bytes));
  }
}
