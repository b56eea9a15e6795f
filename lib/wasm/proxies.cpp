#include "wasm/proxies.hpp"

namespace wasmctl::wasm {

namespace {

constexpr Host kHosts[] = {
    {"envoy-1.36", "Envoy 1.36", 36},
    {"envoy-1.37", "Envoy 1.37", 37},
    {"envoy-1.38", "Envoy 1.38", 38},
    {"envoy-1.39", "Envoy 1.39", 39},
    {"envoy-1.40", "Envoy 1.40", 40},
    {"istio-1.28", "Istio 1.28 (Envoy 1.36)", 36},
    {"istio-1.29", "Istio 1.29 (Envoy 1.37)", 37},
    {"istio-1.30", "Istio 1.30 (Envoy 1.38)", 38},
    {"istio-1.31", "Istio 1.31 (Envoy 1.39)", 39},
    {"envoy-gateway-1.6", "Envoy Gateway 1.6 (Envoy 1.36)", 36},
    {"envoy-gateway-1.7", "Envoy Gateway 1.7 (Envoy 1.37)", 37},
};

}  // namespace

std::span<const Host> hosts() {
  return kHosts;
}

}  // namespace wasmctl::wasm
