// The resources that tell Istio to load a module: WasmPlugin, and its successor TrafficExtension.
// Source: istio/api extensions/v1alpha1 wasm.proto, traffic_extension.proto.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "kube/render/settings.hpp"

namespace wasmctl::kube {

struct Identity {
  std::string name;
  std::optional<std::string> ns;  // none: the namespace of whoever applies it
};

// Where the proxy gets the module.
struct Location {
  std::string url;  // oci://, http(s)://, file:///
  // 64 hex digits; what they are of depends on the scheme. oci: the manifest's digest; http: the
  // module, unpacked; file: never checked, so never set.
  std::optional<std::string> sha256;
};

// Throws for targets that Istio does not know.
void check_istio(const Settings& settings);

// The kinds that targetRefs of Istio's resources may name.
std::span<const std::string_view> istio_target_kinds();

nlohmann::ordered_json wasm_plugin(const Identity& identity, const Location& location,
                                   const Settings& settings);

nlohmann::ordered_json traffic_extension(const Identity& identity, const Location& location,
                                         const Settings& settings);

// metadata of any object: name, and namespace if there is one.
nlohmann::ordered_json metadata(const Identity& identity);

}  // namespace wasmctl::kube
