#include "kube/check/plugin_kinds.hpp"

#include <initializer_list>
#include <string>

#include "kube/render/envoy_gateway.hpp"

namespace wasmctl::kube {

namespace {

using yaml::at, yaml::Node;

// What Higress has beside Istio's fields.
// Source: higress api/extensions/v1alpha1/wasmplugin.proto.
constexpr std::string_view kRouteTypes[] = {"HTTP", "GRPC"};
constexpr Shape kMatchedName[] = {{.key = ""}};
constexpr Shape kMatchRuleFields[] = {
    {.key = "ingress", .type = ShapeType::list, .fields = kMatchedName},
    {.key = "domain", .type = ShapeType::list, .fields = kMatchedName},
    {.key = "service", .type = ShapeType::list, .fields = kMatchedName},
    {.key = "routeType", .type = ShapeType::choice, .choices = kRouteTypes},
    {.key = "config", .type = ShapeType::object},
    {.key = "configDisable", .type = ShapeType::boolean},
};
constexpr Shape kMatchRule[] = {
    {.key = "", .type = ShapeType::mapping, .fields = kMatchRuleFields}};
constexpr Shape kHigressFields[] = {
    {.key = "defaultConfig", .type = ShapeType::object},
    {.key = "defaultConfigDisable", .type = ShapeType::boolean},
    {.key = "matchRules", .type = ShapeType::list, .fields = kMatchRule},
};

constexpr PluginKind kPluginKinds[] = {
    {"extensions.istio.io/v1alpha1", "WasmPlugin", "WasmPlugin", "Istio", oci::Consumer::istio,
     PluginForm::spec, PluginReach::sidecars},
    {"extensions.istio.io/v1alpha1",
     "TrafficExtension",
     "TrafficExtension",
     "Istio",
     oci::Consumer::istio,
     PluginForm::extension,
     PluginReach::sidecars,
     {},
     {1, 30}},
    {kEnvoyGatewayApi, kExtensionPolicy, kExtensionPolicy, "Envoy Gateway",
     oci::Consumer::envoy_gateway, PluginForm::policy_item, PluginReach::targets},
    {"networking.istio.io/v1alpha3", "EnvoyFilter", "EnvoyFilter", "Istio", oci::Consumer::istio,
     PluginForm::filter_message, PluginReach::sidecars},
    {"extensions.higress.io/v1alpha1", "WasmPlugin", "Higress WasmPlugin", "Higress",
     oci::Consumer::istio, PluginForm::spec, PluginReach::own_gateways, kHigressFields},
};

// What a policy's module has elsewhere, or under another name.
const Node* policy_field(const Node& module, std::string_view key) {
  if (key == "pluginConfig") return yaml::find(module, "config");
  if (key == "imagePullPolicy") return at(&module, {"code", "pullPolicy"});
  if (key == "imagePullSecret") {
    const auto* const secret = at(&module, {"code", "image", "pullSecretRef"});
    const bool here = secret != nullptr && yaml::find(*secret, "namespace") == nullptr;
    return here ? yaml::find(*secret, "name") : nullptr;  // elsewhere a ReferenceGrant decides
  }
  if (key != "url" && key != "sha256") return nullptr;
  const auto* const of_image = at(&module, {"code", "image", key});
  return of_image != nullptr ? of_image : at(&module, {"code", "http", key});
}

const Node* filter_field(const Node& message, std::string_view key) {
  const auto* const code = message_at(&message, {"config", "vm_config", "code"});
  if (key == "sha256") return message_at(code, {"remote", "sha256"});
  if (key != "url") return nullptr;
  const auto* const file = message_at(code, {"local", "filename"});
  return file != nullptr ? file : message_at(code, {"remote", "http_uri", "uri"});
}

}  // namespace

std::span<const PluginKind> plugin_kinds() {
  return kPluginKinds;
}

// A field of a message of Envoy's, which protobuf reads in snake_case and in camelCase.
const Node* message_field(const Node* node, std::string_view snake_case) {
  if (node == nullptr) return nullptr;
  if (const auto* const found = yaml::find(*node, snake_case)) return found;
  std::string camel_case;
  bool raise = false;
  for (const char c : snake_case) {
    if (c != '_') camel_case += raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
    raise = c == '_';
  }
  return yaml::find(*node, camel_case);
}

const Node* message_at(const Node* node, std::initializer_list<std::string_view> path) {
  for (const auto key : path) node = message_field(node, key);
  return node;
}

const Node* module_field(const PluginKind& kind, const Node& spec, std::string_view key) {
  switch (kind.form) {
    case PluginForm::spec:
      return yaml::find(spec, key);
    case PluginForm::extension:
      return at(&spec, {"wasm", key});
    case PluginForm::policy_item:
      return policy_field(spec, key);
    case PluginForm::filter_message:
      return filter_field(spec, key);
  }
  return nullptr;
}

}  // namespace wasmctl::kube
