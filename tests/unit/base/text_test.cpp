#include "base/text.hpp"

#include <doctest/doctest.h>

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

TEST_CASE("logins of URLs and names of images are left out") {
  const struct {
    const char* text;
    const char* shown;
  } cases[] = {
      {"https://me:secret@example.com/a", "https://example.com/a"},
      {"https://me@example.com/a", "https://example.com/a"},
      {"me:secret@example.com/a:v1", "example.com/a:v1"},
      {"`oci://me:se@cret@h/a` and `me:secret@h/b`", "`oci://h/a` and `h/b`"},
      {"me:secret@sha256.example/a", "sha256.example/a"},
      // none of these is a login
      {"example.com/a:v1@sha256:4f", "example.com/a:v1@sha256:4f"},
      {"nginx:1.27@sha256:4f", "nginx:1.27@sha256:4f"},
      {"oci://nginx@sha256:4f", "oci://nginx@sha256:4f"},
      {"https://example.com/@scope/a", "https://example.com/@scope/a"},
      {"write to someone@example.com", "write to someone@example.com"},
      {"", ""},
      {"@", "@"},
  };
  for (const auto& [text, shown] : cases) CHECK(base::without_logins(text) == shown);
}
