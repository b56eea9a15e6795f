#include "base/place.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <utility>

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

TEST_CASE("which files of debug information are the plugin's own") {
  const std::pair<std::string_view, bool> cases[] = {
      {"plugin.cc", true},
      {"src/plugin.cc", true},
      {"../shared/names.h", true},
      {"sdk.cc", true},
      {"a<b>.cc", true},
      {"", false},
      {"/usr/include/stdio.h", false},
      {"sdk/proxy_wasm_intrinsics.h", false},
      {"<abseil>/absl/strings/str_cat.cc", false},
      {"<built-in>", false},
  };
  for (const auto& [file, is_own] : cases) {
    CAPTURE(file);
    CHECK(is_own_source(file) == is_own);
  }
}
