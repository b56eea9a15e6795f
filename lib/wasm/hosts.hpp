// Proxies that a module may be meant for, as `wasmctl lint --for` knows them: each runs one version
// of Envoy, and that decides what it offers.
// Sources: Envoys 1.36 to 1.40 themselves (tests/e2e/envoy/test_host_table.py says how); Istio:
// "Supported Envoy versions" of its support page, where each minor release carries the Envoy eight
// later; Envoy Gateway: its compatibility matrix
// (https://gateway.envoyproxy.io/news/releases/matrix/, 2026-08-21). Higress: its host functions
// are Envoy's and five more; those of WASI that Envoy has since 1.39 are in its latest releases
// only.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "wasm/hostcalls.hpp"

namespace wasmctl::wasm {

// The names of functions, whatever their module.
using OfferedFunctions = std::set<std::string, std::less<>>;

struct Host {
  std::string_view name;   // as a user types it: "istio-1.28"
  std::string_view title;  // "Istio 1.28 (Envoy 1.36)"
  unsigned envoy;          // 36 for 1.36
  Vendor vendor = Vendor::envoy;
  // What the very program says that it offers (envoy_program.hpp), in place of its version; null:
  // of none was asked.
  const OfferedFunctions* functions = nullptr;
};

// Oldest Envoy first, within each product.
std::span<const Host> hosts();

// "istio" of "istio-1.28", and {1, 28}; "higress" has no version.
std::string_view product_of(const Host& host);
std::optional<std::pair<unsigned, unsigned>> version_of(const Host& host);

struct FoundHost {
  const Host& host;
  // The version that was named is later than all that are known: `host` is the latest of them.
  bool is_later = false;
};

// By name; a patch version is its minor version's ("istio-1.28.3").
std::optional<FoundHost> find_host(std::string_view name);

}  // namespace wasmctl::wasm
