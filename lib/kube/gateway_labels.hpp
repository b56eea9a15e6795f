// The labels by which the pods of gateways and waypoints are known.
// Sources: Gateway API, GEP-1762; Istio's and Envoy Gateway's documentation of their proxies.
#pragma once

namespace wasmctl::kube {

inline constexpr char kGatewayName[] = "gateway.networking.k8s.io/gateway-name";
inline constexpr char kUseWaypoint[] = "istio.io/use-waypoint";
// Envoy Gateway's: its proxies are in a namespace of its own.
inline constexpr char kOwningGatewayName[] = "gateway.envoyproxy.io/owning-gateway-name";
inline constexpr char kOwningGatewayNamespace[] = "gateway.envoyproxy.io/owning-gateway-namespace";

}  // namespace wasmctl::kube
