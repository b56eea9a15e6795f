// What Istio's resources may name, for those who read them: WasmPlugin and TrafficExtension.
#pragma once

#include <span>
#include <string_view>

namespace wasmctl::kube {

// The kinds that targetRefs of Istio's resources may name.
std::span<const std::string_view> istio_target_kinds();

}  // namespace wasmctl::kube
