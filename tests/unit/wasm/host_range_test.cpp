#include "wasm/host_range.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.hpp"

using namespace wasmctl::wasm;

TEST_CASE("a range of versions is what people write") {
  struct Case {
    const char* text;
    std::optional<Version> first;
    std::optional<Version> last;
  };
  const Case cases[] = {
      {">=1.24", Version{1, 24}, {}},
      {">= 1.24", Version{1, 24}, {}},
      {"1.30", Version{1, 30}, Version{1, 30}},
      {"=1.30.2", Version{1, 30}, Version{1, 30}},
      {">1.28", Version{1, 29}, {}},
      {">=1.28 <1.31", Version{1, 28}, Version{1, 30}},
      {">=1.28, <=1.31", Version{1, 28}, Version{1, 31}},
      {"<=1.31 >=1.29 >=1.28", Version{1, 29}, Version{1, 31}},
      {">=1.28 <2.0", Version{1, 28}, Version{1, 1'000'000}},
      {"*", {}, {}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto range = parse_host_range("istio", c.text);
    CHECK(range.first == c.first);
    CHECK(range.last == c.last);
    CHECK(range.text == c.text);
  }
}

TEST_CASE("what is no range, or an empty one, is refused") {
  for (const auto* const text : {"", " ", "1", "latest", ">=", ">=x", "1.28 -", ">=1.2b", "~1.28",
                                 "^1.28", "<0.0", ">=99999999999.1", ">=1.99999999"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(parse_host_range("istio", text),
                         ("is not a range of versions: `" + std::string(text) + "`").c_str(),
                         wasmctl::Error);
  }
  CHECK_THROWS_WITH_AS(parse_host_range("istio", ">=1.30 <1.30"),
                       "has no version in it: `>=1.30 <1.30`", wasmctl::Error);
}

TEST_CASE("the oldest proxy of the ranges decides") {
  const auto oldest = [](std::vector<HostRange> ranges) {
    const auto* const host = strictest_host(ranges);
    return host == nullptr ? "" : std::string(host->name);
  };
  const auto of = [](const char* product, const char* text) {
    return parse_host_range(product, text);
  };
  CHECK(oldest({}).empty());
  CHECK(oldest({of("istio", ">=1.30")}) == "istio-1.30");
  CHECK(oldest({of("istio", ">=1.24")}) == "istio-1.28");  // the oldest that is known
  CHECK(oldest({of("istio", ">=9.1")}) == "istio-1.31");   // the latest
  CHECK(oldest({of("istio", ">=1.31"), of("envoy", ">=1.37")}) == "envoy-1.37");
  CHECK(oldest({of("higress", "*")}) == "higress");
  CHECK(oldest({of("higress", "*"), of("envoy", "1.40")}) == "envoy-1.40");
}

TEST_CASE("an Envoy is in a range by itself, or by a proxy that runs it") {
  const auto admits = [](const char* product, const char* text, Version envoy) {
    const HostRange ranges[] = {parse_host_range(product, text)};
    return admit_envoy(ranges, envoy);
  };
  CHECK(admit_envoy({}, {1, 2}));
  CHECK(admits("envoy", ">=1.38", {1, 40}));
  CHECK(!admits("envoy", "<1.38", {1, 40}));
  CHECK(admits("istio", ">=1.28", {1, 36}));
  CHECK(!admits("istio", ">=1.29", {1, 36}));
  CHECK(admits("istio", ">=1.28", {1, 77}));
  CHECK(!admits("istio", ">=1.28 <1.30", {1, 77}));
}

TEST_CASE("versions are read up to the minor one") {
  CHECK(parse_version("1.28") == Version{1, 28});
  CHECK(parse_version("1.40.0-dev") == Version{1, 40});
  for (const auto* const text : {"", "1", "1.", ".1", "1.x", "1.2x", "v1.2"}) {
    CAPTURE(text);
    CHECK(!parse_version(text));
  }
}

TEST_CASE("every product has a range that all its hosts are in") {
  for (const auto product : products()) {
    CAPTURE(product);
    CHECK(product_of(oldest_host(parse_host_range(product, "*"))) == product);
  }
}
