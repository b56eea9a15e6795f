#include "base/zlib.hpp"

#include <doctest/doctest.h>

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

TEST_CASE("the zlib format") {
  const std::string zeros(100'000, '\0');
  for (const std::string& bytes : {std::string(), std::string("abc"), zeros}) {
    const auto packed = base::zlib_compress(bytes);
    CHECK(base::zlib_uncompress(packed, zeros.size()) == bytes);
    CHECK(!base::zlib_uncompress(packed.substr(0, packed.size() - 1), zeros.size()));
  }
  CHECK(!base::zlib_uncompress(base::zlib_compress(zeros), zeros.size() - 1));
  CHECK(!base::zlib_uncompress("", 9));
  CHECK(!base::zlib_uncompress("abc", 9));
}
