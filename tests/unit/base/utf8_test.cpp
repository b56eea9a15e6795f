#include "base/utf8.hpp"

#include <doctest/doctest.h>

#include <string_view>

using namespace wasmctl;

TEST_CASE("what is UTF-8") {
  for (const std::string_view text :
       {"", "a", "\u00e9", "\u20ac", "\U0001f600", "\xf4\x8f\xbf\xbf"}) {
    CAPTURE(text);
    CHECK(base::is_utf8(text));
  }
  // A lone byte, a cut sequence, overlong forms, a surrogate, above U+10FFFF.
  for (const std::string_view text :
       {"a\xff", "\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    CAPTURE(text);
    CHECK_FALSE(base::is_utf8(text));
  }
}
