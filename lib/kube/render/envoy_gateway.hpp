// Envoy Gateway's resource for Wasm. The gateway's control plane fetches the module, and serves it
// to its proxies; the filters are in the order of the policy's list.
// Source: envoyproxy/gateway api/v1alpha1 wasm_types.go, envoyextensionpolicy_types.go and the
// CRD's CEL rules.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "kube/render/settings.hpp"
#include "kube/render/wasm_plugin.hpp"

namespace wasmctl::kube {

inline constexpr char kEnvoyGatewayApi[] = "gateway.envoyproxy.io/v1alpha1";
inline constexpr char kExtensionPolicy[] = "EnvoyExtensionPolicy";

// Throws for what this kind cannot say; returns what is left out of it, to be said to the user.
std::vector<std::string> check_envoy_gateway(const Settings& settings);

nlohmann::ordered_json envoy_extension_policy(const Identity& identity, const Location& location,
                                              const Settings& settings);

}  // namespace wasmctl::kube
