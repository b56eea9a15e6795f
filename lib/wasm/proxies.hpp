// Proxies that a module may be meant for, as `wasmctl lint --for` knows them: each runs one version
// of Envoy, and that decides what it offers.
// Sources: Envoys 1.36 to 1.40 themselves (tests/e2e/envoy/test_host_table.py says how); Istio:
// "Supported Envoy versions" of its support page, where each minor release carries the Envoy eight
// later; Envoy Gateway: its compatibility matrix.
#pragma once

#include <span>
#include <string_view>

namespace wasmctl::wasm {

struct Host {
  std::string_view name;   // as a user types it: "istio-1.28"
  std::string_view title;  // "Istio 1.28 (Envoy 1.36)"
  unsigned envoy;          // 36 for 1.36
};

// Oldest Envoy first, within each product.
std::span<const Host> hosts();

}  // namespace wasmctl::wasm
