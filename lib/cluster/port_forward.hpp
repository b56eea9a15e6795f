// Envoy's admin port of pods that have no program to ask it with, as those of Envoy Gateway:
// through `kubectl port-forward`, which needs the right `pods/portforward`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/kubectl.hpp"
#include "cluster/objects.hpp"

namespace wasmctl::cluster {

inline constexpr std::uint16_t kGatewayAdminPort = 19000;

// The arguments of kubectl; it picks the port here.
Arguments forward_question(const Pod& pod);

// The body of GET `path` (with its slash) of each pod. To be called on the main thread.
std::vector<Answer> ask_admin_ports(const Kubectl& kubectl, const std::vector<const Pod*>& pods,
                                    const std::string& path);

}  // namespace wasmctl::cluster
