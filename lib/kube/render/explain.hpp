// What becomes of a plugin's settings in the proxy, in words.
#pragma once

#include <string>

#include "kube/render/resource_kinds.hpp"
#include "kube/render/settings.hpp"

namespace wasmctl::kube {

// Lines: the bytes that proxy_on_configure reads, its root context's ID, and where the filter
// stands in the chain. Sources: istio pilot/pkg/networking/core (the order of filters),
// pilot/pkg/model/extensions.go (the config); measured on istiod's translation. For others than
// Istio the place in the chain is that in the list.
std::string explain(const Settings& settings, const ResourceKind& kind);

}  // namespace wasmctl::kube
