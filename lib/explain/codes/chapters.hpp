// The chapters of the table, one or two in a file.
#pragma once

#include <vector>

#include "explain/sight.hpp"

namespace wasmctl::explain {

std::vector<Sight> fetch_sights();       // W-1: Istio's agent and the registry
std::vector<Sight> load_sights();        // W-2: Envoy takes or refuses a module
std::vector<Sight> delivery_sights();    // W-3: how configuration gets to Envoy
std::vector<Sight> running_sights();     // W-4: requests
std::vector<Sight> control_sights();     // W-5: istiod and its webhook, Envoy Gateway
std::vector<Sight> kubernetes_sights();  // W-6: kubelet and API server
std::vector<Sight> status_sights();      // W-7: what `wasmctl status` sees
std::vector<Sight> health_sights();      // W-9: that it works

}  // namespace wasmctl::explain
