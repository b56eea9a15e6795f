#include "http/headers.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace wasmctl::http;  // NOLINT(google-build-using-namespace)

TEST_CASE("a pause is asked for in seconds or until a date") {
  const struct {
    const char* text;
    int want;
  } cases[] = {
      {"", 0},
      {"5", 5},
      {"99999999999999999", 365 * 24 * 3600},
      {"-5", 0},
      {"soon", 0},
      {"Sun, 06 Nov 1994 08:50:07 GMT", 30},
      {"Sun, 06 Nov 1994 08:49:00 GMT", 0},
      {"Sun, 06 Nov 1994 08:50:07 GMT and more", 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const Response response{
        429, {{"retry-after", c.text}, {"date", "Sun, 06 Nov 1994 08:49:37 GMT"}}, ""};
    CHECK(asked_pause(response).count() == c.want);
  }
}

TEST_CASE("next_link") {
  const struct {
    const char* text;
    std::optional<std::string> want;
  } cases[] = {
      {"</a?n=1>; rel=\"next\"", "/a?n=1"},
      {"</a>;rel=next", "/a"},
      {"</a>; REL = \"Next\"", "/a"},
      {"</first>; rel=\"first\", </b>; rel=\"next\"", "/b"},
      {"</b>; rel=\"last next\"; title=\"x, y\", </c>; rel=\"next\"", "/b"},
      {"</a>; title=\"a, </x>; rel=next\"; rel=last, </b>; rel=next", "/b"},
      {"</next>; rel=\"prev\"", std::nullopt},
      {"</a>; title=\"next\"", std::nullopt},
      {"</a>; rel=prev; rel=next", std::nullopt},
      {"</a>", std::nullopt},
      {"</a", std::nullopt},
      {"</a>; rel=\"next", "/a"},
      {"", std::nullopt},
      {";;;,,<", std::nullopt},
      {"</a>;;;", std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(next_link({200, {{"link", c.text}}, ""}) == c.want);
  }
}
