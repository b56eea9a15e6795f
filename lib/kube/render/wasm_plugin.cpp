// The resources that tell Istio to load a module: WasmPlugin, and its successor TrafficExtension.
// Source: istio/api extensions/v1alpha1 wasm.proto, traffic_extension.proto.
#include "kube/render/wasm_plugin.hpp"

#include <nlohmann/json.hpp>

#include "kube/render/resource_kinds.hpp"
#include "kube/render/unsupported.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::ordered_json;

// Source: istio pkg/config/validation, validatePolicyTargetReference.
constexpr std::string_view kIstioTargets[] = {"Gateway", "GatewayClass", "Service", "ServiceEntry"};

constexpr char kApiVersion[] = "extensions.istio.io/v1alpha1";

void add_settings(ordered_json& object, const Settings& settings, Part part) {
  for (const auto& field : fields()) {
    const auto* const value = settings.find(field.shape.key);
    if (value == nullptr || field.part != part) continue;
    object[std::string(field.name)] = *value;
  }
}

void add_location(ordered_json& object, const Location& location) {
  object["url"] = location.url;
  if (location.sha256) object["sha256"] = *location.sha256;
}

ordered_json resource(const char* kind, const Identity& identity, ordered_json spec) {
  return {{"apiVersion", kApiVersion},
          {"kind", kind},
          {"metadata", metadata(identity)},
          {"spec", std::move(spec)}};
}

std::vector<std::string> check_istio(const Settings& settings) {
  check_target_kinds(settings, "a resource of Istio's", kIstioTargets);
  return {};
}

ordered_json wasm_plugin(const Identity& identity, const Location& location,
                         const Settings& settings) {
  auto spec = ordered_json::object();
  add_settings(spec, settings, Part::spec);
  add_location(spec, location);
  add_settings(spec, settings, Part::wasm);
  return resource("WasmPlugin", identity, std::move(spec));
}

ordered_json traffic_extension(const Identity& identity, const Location& location,
                               const Settings& settings) {
  auto spec = ordered_json::object();
  add_settings(spec, settings, Part::spec);
  // The default phase has another name here.
  if (spec.value("phase", "") == "UNSPECIFIED_PHASE") spec["phase"] = "UNSPECIFIED";
  auto wasm = ordered_json::object();
  add_location(wasm, location);
  add_settings(wasm, settings, Part::wasm);
  spec["wasm"] = std::move(wasm);
  return resource("TrafficExtension", identity, std::move(spec));
}

constexpr std::string_view kIstioSchemes[] = {"oci", "http", "https", "file"};

}  // namespace

extern constexpr ResourceKind kWasmPluginKind = {"WasmPlugin", oci::Consumer::istio, kIstioSchemes,
                                                 check_istio, wasm_plugin};

extern constexpr ResourceKind kTrafficExtensionKind = {
    "TrafficExtension", oci::Consumer::istio, kIstioSchemes, check_istio, traffic_extension};

std::span<const std::string_view> istio_target_kinds() {
  return kIstioTargets;
}

}  // namespace wasmctl::kube
