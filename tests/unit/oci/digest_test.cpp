#include "oci/digest.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/error.hpp"

using wasmctl::Error;
using wasmctl::oci::Digest;

TEST_CASE("a digest is printed as it was read") {
  const std::string hex = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  CHECK(Digest::of("{}").hex() == hex);
  CHECK(Digest::of("{}").text() == "sha256:" + hex);
  CHECK(Digest::parse("sha256:" + hex) == Digest::of("{}"));
  CHECK(Digest().empty());
  CHECK(Digest() != Digest::of(""));
}

TEST_CASE("Digest::parse refuses, and says why") {
  const std::string hex(64, 'a');
  const std::pair<std::string, std::string> cases[] = {
      {"", "digest `` has no algorithm: sha256:<64 hex>"},
      {hex, "digest `" + hex + "` has no algorithm: sha256:<64 hex>"},
      {"sha256:12", "digest `sha256:12` has 2 hex digits, sha256 has 64"},
      {"sha256:" + hex + "a", "digest `sha256:" + hex + "a` has 65 hex digits, sha256 has 64"},
      {"sha512:" + hex, "digest `sha512:" + hex + "` has another algorithm than sha256"},
      {"sha256:A" + hex.substr(1),
       "digest `sha256:A" + hex.substr(1) + "` has a character that is not a lower-case hex digit"},
      {"sha256:../../" + hex.substr(6), "digest `sha256:../../" + hex.substr(6) +
                                            "` has a character that is not a lower-case hex digit"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(Digest::parse(text), message.c_str(), Error);
  }
}
