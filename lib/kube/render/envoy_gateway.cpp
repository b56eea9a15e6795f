// Envoy Gateway's resource for Wasm. The gateway's control plane fetches the module, and serves it
// to its proxies; the filters are in the order of the policy's list.
// Source: envoyproxy/gateway api/v1alpha1 wasm_types.go, envoyextensionpolicy_types.go and the
// CRD's CEL rules.
#include "kube/render/envoy_gateway.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "kube/render/resource_kinds.hpp"
#include "kube/render/unsupported.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::ordered_json;

constexpr char kAnEnvoyExtensionPolicy[] = "an EnvoyExtensionPolicy";

constexpr Unsupported kNotInAPolicy[] = {
    {"selector", "", "name the Gateway or the route: `--target-ref Gateway/NAME`"},
    {"phase", R"("UNSPECIFIED_PHASE")", "the filters are in the order of the policy's list",
     Loss::order},
    {"priority", "0", "the filters are in the order of the policy's list", Loss::order},
    {"match", "[]", "the policy goes to all requests of its targets"},
    {"type", R"("HTTP"|"UNSPECIFIED_PLUGIN_TYPE")", "Envoy Gateway loads HTTP filters only"},
    {"failStrategy", R"("FAIL_CLOSE"|"FAIL_OPEN")", "one of: FAIL_CLOSE, FAIL_OPEN"},
};

// An HTTP filter has no use for the other routes that the CRD allows.
constexpr std::string_view kRouteTargets[] = {"Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute"};

ordered_json image(const Location& location, const Settings& settings) {
  constexpr std::string_view kScheme = "oci://";
  ordered_json image = {{"url", location.url.substr(kScheme.size())}};
  if (location.sha256) image["sha256"] = *location.sha256;
  const auto secret = settings.text("imagePullSecret");
  if (!secret.empty()) image["pullSecretRef"] = {{"name", secret}};
  return {{"type", "Image"}, {"image", std::move(image)}};
}

ordered_json code(const Location& location, const Settings& settings) {
  ordered_json code;
  if (location.url.starts_with("oci://")) {
    code = image(location, settings);
  } else {
    code = {{"type", "HTTP"}, {"http", {{"url", location.url}}}};
    if (location.sha256) code["http"]["sha256"] = *location.sha256;
  }
  const auto policy = settings.text("imagePullPolicy");
  if (policy == "IfNotPresent" || policy == "Always") code["pullPolicy"] = policy;
  return code;
}

std::vector<std::string> check_envoy_gateway(const Settings& settings) {
  auto passed_over = refuse_unsupported(settings, kAnEnvoyExtensionPolicy, kNotInAPolicy);
  check_target_kinds(settings, kAnEnvoyExtensionPolicy, kRouteTargets);
  const auto* const targets = settings.find("targetRefs");
  if (targets == nullptr || targets->empty()) {
    throw Error(Code::usage,
                "--target-ref is missing: an EnvoyExtensionPolicy goes to what it names")
        .hint("name the Gateway or the route: `--target-ref Gateway/NAME`");
  }
  if (!environment(settings).with_value.empty()) {
    throw settings
        .refuse("vmConfig", "has a variable with a value, which an EnvoyExtensionPolicy cannot set")
        .hint(
            "take it from the proxy's environment (`--env-from-host NAME`), or put the value into "
            "the config");
  }
  return passed_over;
}

ordered_json envoy_extension_policy(const Identity& identity, const Location& location,
                                    const Settings& settings) {
  ordered_json wasm = {{"name", identity.name}};
  const auto root_id = settings.text("pluginName");
  if (!root_id.empty()) wasm["rootID"] = root_id;
  wasm["code"] = code(location, settings);
  if (const auto* config = settings.find("config")) wasm["config"] = *config;
  const auto strategy = settings.text("failStrategy");
  if (!strategy.empty()) wasm["failOpen"] = strategy == "FAIL_OPEN";
  const auto env = environment(settings);
  if (!env.from_host.empty()) wasm["env"] = {{"hostKeys", env.from_host}};

  auto spec = ordered_json::object();
  spec["targetRefs"] = *settings.find("targetRefs");
  spec["wasm"] = ordered_json::array({std::move(wasm)});
  return {{"apiVersion", kEnvoyGatewayApi},
          {"kind", kExtensionPolicy},
          {"metadata", metadata(identity)},
          {"spec", std::move(spec)}};
}

constexpr std::string_view kGatewaySchemes[] = {"oci", "http", "https"};

}  // namespace

extern constexpr ResourceKind kExtensionPolicyKind = {kExtensionPolicy,
                                                      oci::Consumer::envoy_gateway, kGatewaySchemes,
                                                      check_envoy_gateway, envoy_extension_policy};

}  // namespace wasmctl::kube
