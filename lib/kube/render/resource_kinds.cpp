#include "kube/render/resource_kinds.hpp"

#include <nlohmann/json.hpp>

#include "kube/render/envoy_filter.hpp"
#include "kube/render/envoy_gateway.hpp"

namespace wasmctl::kube {

namespace {

constexpr std::string_view kIstio[] = {"oci", "http", "https", "file"};
constexpr std::string_view kEnvoyGateway[] = {"oci", "http", "https"};
constexpr std::string_view kEnvoy[] = {"file", "http", "https"};

constexpr ResourceKind kResourceKinds[] = {
    {"WasmPlugin", oci::Consumer::istio, kIstio, check_istio, wasm_plugin},
    {"TrafficExtension", oci::Consumer::istio, kIstio, check_istio, traffic_extension},
    {kExtensionPolicy, oci::Consumer::envoy_gateway, kEnvoyGateway, check_envoy_gateway,
     envoy_extension_policy},
    {"envoy", std::nullopt, kEnvoy, check_envoy_filter, envoy_filter},
};

}  // namespace

std::span<const ResourceKind> resource_kinds() {
  return kResourceKinds;
}

}  // namespace wasmctl::kube
