// The name of Envoy Gateway's resource for Wasm, for those who read it.
#pragma once

namespace wasmctl::kube {

inline constexpr char kEnvoyGatewayApi[] = "gateway.envoyproxy.io/v1alpha1";
inline constexpr char kExtensionPolicy[] = "EnvoyExtensionPolicy";

}  // namespace wasmctl::kube
