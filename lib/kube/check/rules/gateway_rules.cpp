// Rules about Envoy Gateway's EnvoyExtensionPolicy.
// Source: envoyproxy/gateway api/v1alpha1 envoyextensionpolicy_types.go, wasm_types.go, with their
// CEL rules.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/label.hpp"
#include "base/suggest.hpp"
#include "kube/check/rules/rules.hpp"
#include "kube/names.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::kube {

namespace {

using yaml::Node;

constexpr std::string_view kObjectFields[] = {"apiVersion", "kind", "metadata", "spec", "status"};

constexpr std::string_view kTargetGroups[] = {"gateway.networking.k8s.io"};
constexpr std::string_view kPolicyTargetKinds[] = {
    "Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "UDPRoute", "TCPRoute", "TLSRoute"};
constexpr std::string_view kMergeTypes[] = {"StrategicMerge", "JSONMerge"};
constexpr std::string_view kCodeTypes[] = {"Image", "HTTP", "Local"};
constexpr std::string_view kPolicyPullPolicies[] = {"IfNotPresent", "Always"};
constexpr std::string_view kSecretKinds[] = {"Secret"};
constexpr std::string_view kConfigMapKinds[] = {"ConfigMap"};
constexpr std::string_view kNamespacesFrom[] = {"Same", "All", "Selector"};
constexpr std::string_view kLuaTypes[] = {"Inline", "ValueRef"};

// The pattern of an API group, which may be empty: the core group.
Reason refuse_group(std::string_view group) {
  return group.empty() ? std::nullopt : refuse_subdomain(group);
}

// The pattern of a kind: letters, digits and `-`, a letter first.
Reason refuse_kind(std::string_view kind) {
  const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  const auto is_right = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  if (!kind.empty() && is_letter(kind.front()) && !kind.ends_with('-') &&
      std::ranges::all_of(kind, is_right)) {
    return std::nullopt;
  }
  return fmt::format("`{}` is not a kind", kind);
}

constexpr Shape kTargetFields[] = {
    {.key = "group", .type = ShapeType::choice, .choices = kTargetGroups, .required = true},
    {.key = "kind", .type = ShapeType::choice, .choices = kPolicyTargetKinds, .required = true},
    {.key = "name", .min = 1, .max = 253, .required = true},
    {.key = "sectionName", .min = 1, .max = 253, .judge = refuse_subdomain},
};
constexpr Shape kTarget[] = {{.key = "", .type = ShapeType::mapping, .fields = kTargetFields}};
constexpr Shape kPolicyText[] = {{.key = ""}};
constexpr Shape kExpressionFields[] = {
    {.key = "key", .required = true},
    {.key = "operator", .required = true},
    {.key = "values", .type = ShapeType::list, .fields = kPolicyText},
};
constexpr Shape kExpression[] = {
    {.key = "", .type = ShapeType::mapping, .fields = kExpressionFields}};
constexpr Shape kLabelSelectorFields[] = {
    {.key = "matchLabels", .type = ShapeType::labels},
    {.key = "matchExpressions", .type = ShapeType::list, .fields = kExpression},
};
// What has a default may be null, by which it is replaced.
constexpr Shape kNamespacesFields[] = {
    {.key = "from", .type = ShapeType::choice, .choices = kNamespacesFrom, .nullable = true},
    {.key = "selector", .type = ShapeType::mapping, .fields = kLabelSelectorFields},
};
constexpr Shape kTargetSelectorFields[] = {
    {.key = "group", .type = ShapeType::choice, .choices = kTargetGroups, .nullable = true},
    {.key = "kind", .type = ShapeType::choice, .choices = kPolicyTargetKinds, .required = true},
    kLabelSelectorFields[0],
    kLabelSelectorFields[1],
    {.key = "namespaces", .type = ShapeType::mapping, .fields = kNamespacesFields},
};
constexpr Shape kTargetSelector[] = {
    {.key = "", .type = ShapeType::mapping, .fields = kTargetSelectorFields}};

constexpr Shape kObjectReferenceFields[] = {
    {.key = "group", .max = 253, .nullable = true, .judge = refuse_group},
    {.key = "kind", .min = 1, .max = 63, .nullable = true, .judge = refuse_kind},
    {.key = "name", .min = 1, .max = 253, .required = true},
    {.key = "namespace", .min = 1, .max = 63, .judge = base::refuse_label},
};
constexpr Shape kSecretFields[] = {
    kObjectReferenceFields[0],
    {.key = "kind", .type = ShapeType::choice, .choices = kSecretKinds, .nullable = true},
    kObjectReferenceFields[2],
    kObjectReferenceFields[3],
};
constexpr Shape kTlsFields[] = {
    {.key = "caCertificateRef",
     .type = ShapeType::mapping,
     .fields = kObjectReferenceFields,
     .required = true},
};
constexpr Shape kTls = {.key = "tls", .type = ShapeType::mapping, .fields = kTlsFields};
constexpr Shape kUrl = {.key = "url", .min = 1, .required = true};
// Its digits are for the rule sha256, which is the same for all kinds.
constexpr Shape kSha256 = {.key = "sha256", .type = ShapeType::anything};
constexpr Shape kHttpFields[] = {kUrl, kSha256, kTls};
constexpr Shape kImageFields[] = {
    kUrl,
    kSha256,
    kTls,
    {.key = "pullSecretRef", .type = ShapeType::mapping, .fields = kSecretFields},
};
constexpr Shape kCodeFields[] = {
    {.key = "type", .type = ShapeType::choice, .choices = kCodeTypes, .required = true},
    {.key = "http", .type = ShapeType::mapping, .fields = kHttpFields},
    {.key = "image", .type = ShapeType::mapping, .fields = kImageFields},
    {.key = "local", .type = ShapeType::object},  // of 1.8
    {.key = "pullPolicy", .type = ShapeType::choice, .choices = kPolicyPullPolicies},
};
constexpr Shape kPolicyEnvFields[] = {
    {.key = "hostKeys", .type = ShapeType::list, .fields = kPolicyText}};
constexpr Shape kWasmFields[] = {
    {.key = "name"},
    {.key = "rootID"},
    {.key = "code", .type = ShapeType::mapping, .fields = kCodeFields, .required = true},
    {.key = "config", .type = ShapeType::anything},
    {.key = "failOpen", .type = ShapeType::boolean, .nullable = true},
    {.key = "env", .type = ShapeType::mapping, .fields = kPolicyEnvFields},
    {.key = "shareVM", .type = ShapeType::anything},  // of 1.8
};
constexpr Shape kWasm[] = {{.key = "", .type = ShapeType::mapping, .fields = kWasmFields}};
constexpr Shape kLuaReferenceFields[] = {
    {.key = "group", .max = 253, .required = true, .judge = refuse_group},
    {.key = "kind", .type = ShapeType::choice, .choices = kConfigMapKinds, .required = true},
    {.key = "name", .min = 1, .max = 253, .required = true},
};
constexpr Shape kPolicyLuaFields[] = {
    {.key = "type", .type = ShapeType::choice, .choices = kLuaTypes, .nullable = true},
    {.key = "inline"},
    {.key = "valueRef", .type = ShapeType::mapping, .fields = kLuaReferenceFields},
    {.key = "filterContext", .type = ShapeType::anything},
};
constexpr Shape kPolicyLua[] = {
    {.key = "", .type = ShapeType::mapping, .fields = kPolicyLuaFields}};
// What is no code of a plugin's is of other projects, and its fields come and go.
constexpr Shape kOther[] = {{.key = "", .type = ShapeType::object}};
constexpr Shape kSpecFields[] = {
    {.key = "targetRef", .type = ShapeType::mapping, .fields = kTargetFields},
    {.key = "targetRefs", .type = ShapeType::list, .fields = kTarget},
    {.key = "targetSelectors", .type = ShapeType::list, .fields = kTargetSelector},
    {.key = "mergeType", .type = ShapeType::choice, .choices = kMergeTypes},
    {.key = "wasm", .type = ShapeType::list, .max = 16, .fields = kWasm},
    {.key = "extProc", .type = ShapeType::list, .max = 16, .fields = kOther},
    {.key = "lua", .type = ShapeType::list, .max = 16, .fields = kPolicyLua},
    {.key = "dynamicModule", .type = ShapeType::list, .max = 16, .fields = kOther},
    {.key = "backends", .type = ShapeType::list, .max = 16, .fields = kOther},
};
constexpr Shape kSpec = {.key = "spec", .type = ShapeType::mapping, .fields = kSpecFields};

// ---- fields and values

// Calls visit(violation) for what the table says of a policy.
template <typename Visit>
void for_each_violation(const PolicyManifest& policy, Report& report, const Visit& visit) {
  const auto value = to_json(policy.spec, policy, report);
  if (!value) return;
  for (const auto& violation : violations_of(*value, kSpec)) visit(violation);
}

void check_policy_field(const Survey& survey, Report& report) {
  for (const auto& policy : survey.inventory().policies) {
    for (const auto& key : policy.stray_keys) {
      report.add(site_of(policy, key),
                 fmt::format("EnvoyExtensionPolicy has no field `{}`", key.text),
                 base::suggest(key.text, kObjectFields));
    }
    for_each_violation(policy, report, [&](const ShapeViolation& violation) {
      if (violation.key.empty()) return;
      const auto path = yaml::to_string(violation.path);
      report.add(site_of(policy, policy.spec, violation),
                 fmt::format("EnvoyExtensionPolicy has no field `{}{}{}`", path,
                             path.empty() ? "" : ".", violation.key),
                 violation.hint);
    });
  }
}

class ValueCheck {
 public:
  ValueCheck(const PolicyManifest& policy, Report& report) : policy_(policy), report_(report) {}

  void run() {
    for_each_violation(policy_, report_, [&](const ShapeViolation& violation) {
      if (!violation.key.empty()) return;
      const auto path = violation.path.empty() ? "spec" : yaml::to_string(violation.path);
      report_.add(site_of(policy_, policy_.spec, violation),
                  fmt::format("`{}` {}", path, violation.rule), violation.hint);
    });
    check_targets();
    for_each_item("wasm", [&](const Node& module) { check_module(module); });
    for_each_item("lua", [&](const Node& script) { check_script(script); });
  }

 private:
  void add(const Node& node, std::string message, std::string hint) {
    report_.add(site_of(policy_, node), std::move(message), std::move(hint));
  }

  void check_targets() {
    const auto* const one = yaml::find(policy_.spec, "targetRef");
    const auto* const several = yaml::find(policy_.spec, "targetRefs");
    const auto* const selectors = yaml::find(policy_.spec, "targetSelectors");
    const bool selected = selectors != nullptr && !selectors->items.empty();
    if (one == nullptr && several == nullptr && selectors == nullptr) {
      report_.add(policy_.site, fmt::format("policy `{}` names no target", policy_.name),
                  "`targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: NAME}]`");
    } else if (one != nullptr && several != nullptr && !selected) {
      add(*one, "has both `targetRef` and `targetRefs`", "write `targetRefs` alone");
    } else if (one == nullptr && several == nullptr && !selected) {
      add(*selectors, "`targetSelectors` selects nothing", "write a selector, or `targetRefs`");
    }
    check_merge_type();
  }

  // Of a route alone: it is merged into the policy of the Gateway.
  void check_merge_type() {
    const auto* const merge_type = yaml::find(policy_.spec, "mergeType");
    if (merge_type == nullptr) return;
    auto targets = targets_of(policy_.spec);
    if (const auto* const selectors = yaml::find(policy_.spec, "targetSelectors")) {
      for (const auto& selector : selectors->items) targets.push_back(&selector);
    }
    for (const auto* const target : targets) {
      const auto kind = named_by(*target).first;
      if (kind != "Gateway" && kind != "ListenerSet") continue;
      add(*merge_type, fmt::format("`mergeType` is for routes, and a target is a {}", kind),
          "leave it out");
      return;
    }
  }

  template <typename Visit>
  void for_each_item(std::string_view key, const Visit& visit) const {
    const auto* const list = yaml::find(policy_.spec, key);
    if (list == nullptr) return;
    for (const auto& item : list->items) visit(item);
  }

  // The CEL rules of a Lua script: what its type says is there, and nothing else.
  void check_script(const Node& script) {
    const auto* const type = yaml::find(script, "type");
    const bool is_said = type != nullptr && yaml::type_of(*type) != yaml::ScalarType::null;
    const auto said = is_said ? type->text : "Inline";
    for (const auto& [name, key] : {std::pair("Inline", "inline"), {"ValueRef", "valueRef"}}) {
      const auto* const code = yaml::find(script, key);
      if (said == name && code == nullptr) {
        add(script, fmt::format("a script of type {} needs `{}`", name, key), "");
      } else if (said != name && code != nullptr) {
        add(*code, fmt::format("`{}` is not for a script of type {}", key, said), "");
      }
    }
  }

  void check_module(const Node& module) {
    const auto* const code = yaml::find(module, "code");
    if (code == nullptr || code->kind != yaml::Kind::mapping) return;
    check_source(*code, "Image", "image");
    check_source(*code, "HTTP", "http");
    check_urls(*code);
  }

  void check_source(const Node& code, std::string_view type, std::string_view key) {
    const auto* const said = yaml::find(code, "type");
    const auto* const source = yaml::find(code, key);
    const bool wanted = said != nullptr && said->text == type;
    if (wanted && source == nullptr) {
      add(code, fmt::format("type {} has no `{}`", type, key),
          fmt::format("`{}: {{url: ...}}` says where the module is", key));
    } else if (!wanted && source != nullptr && said != nullptr) {
      add(*source, fmt::format("`{}` is beside another type than {}", key, type),
          fmt::format("write `type: {}`", type));
    }
  }

  void check_urls(const Node& code) {
    if (const auto* const url = find_url(code, "image")) {
      constexpr std::string_view kScheme = "oci://";  // which may be there
      const auto image = url->text.substr(url->text.starts_with(kScheme) ? kScheme.size() : 0);
      const auto scheme_end = image.find("://");
      if (scheme_end != std::string::npos) {
        add(*url, fmt::format("an image is named without `{}`", image.substr(0, scheme_end + 3)),
            fmt::format("write `{}`", image.substr(scheme_end + 3)));
      } else if (const auto remark = judge_image(image, "Envoy Gateway",
                                                 "REGISTRY/REPOSITORY[:TAG][@sha256:DIGEST]")) {
        add(*url, remark->message, remark->hint);
      }
    }
    const auto* const url = find_url(code, "http");
    if (url != nullptr && !url->text.starts_with("http://") && !url->text.starts_with("https://")) {
      add(*url, fmt::format("`{}` is not an http url", url->text), "write `https://...`");
    }
  }

  // One that has a text; that it must have is in the table.
  static const Node* find_url(const Node& code, std::string_view source) {
    const auto* const below = yaml::find(code, source);
    const auto* const url = below == nullptr ? nullptr : yaml::find(*below, "url");
    return url == nullptr || url->text.empty() ? nullptr : url;
  }

  const PolicyManifest& policy_;
  Report& report_;
};

void check_policy_value(const Survey& survey, Report& report) {
  for (const auto& policy : survey.inventory().policies) ValueCheck(policy, report).run();
}

constexpr ManifestRule kGatewayRules[] = {
    {"policy-field", Severity::error, "every field is one of EnvoyExtensionPolicy's",
     RuleScope::alone, check_policy_field},
    {"policy-value", Severity::error, "every value has the form that Envoy Gateway accepts",
     RuleScope::alone, check_policy_value},
};

}  // namespace

std::span<const ManifestRule> gateway_rules() {
  return kGatewayRules;
}

}  // namespace wasmctl::kube
