#include "kube/render/resource_kinds.hpp"

namespace wasmctl::kube {

extern const ResourceKind kWasmPluginKind;        // wasm_plugin.cpp
extern const ResourceKind kTrafficExtensionKind;  // likewise
extern const ResourceKind kExtensionPolicyKind;   // envoy_gateway.cpp
extern const ResourceKind kEnvoyFilterKind;       // envoy_filter.cpp

std::span<const ResourceKind* const> resource_kinds() {
  static constexpr const ResourceKind* kResourceKinds[] = {
      &kWasmPluginKind, &kTrafficExtensionKind, &kExtensionPolicyKind, &kEnvoyFilterKind};
  return kResourceKinds;
}

}  // namespace wasmctl::kube
