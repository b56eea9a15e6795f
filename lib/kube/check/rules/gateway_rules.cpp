// Rules about Envoy Gateway's EnvoyExtensionPolicy.
// Source: the CRD of gateway.envoyproxy.io/v1alpha1, with its CEL rules.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/suggest.hpp"
#include "kube/check/rules/rules.hpp"
#include "kube/render/settings.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::kube {

namespace {

using yaml::Node;
using Words = std::span<const std::string_view>;

constexpr std::string_view kObjectFields[] = {"apiVersion", "kind", "metadata", "spec", "status"};
constexpr std::string_view kSpecFields[] = {"targetRef", "targetRefs",   "targetSelectors",
                                            "mergeType", "wasm",         "extProc",
                                            "lua",       "dynamicModule"};
constexpr std::string_view kTargetFields[] = {"group", "kind", "name", "sectionName"};
constexpr std::string_view kWasmFields[] = {"name", "rootID", "code", "config", "failOpen", "env"};
constexpr std::string_view kCodeFields[] = {"type", "http", "image", "pullPolicy"};
constexpr std::string_view kHttpFields[] = {"url", "sha256", "tls"};
constexpr std::string_view kImageFields[] = {"url", "sha256", "pullSecretRef", "tls"};
constexpr std::string_view kSecretFields[] = {"group", "kind", "name", "namespace"};
constexpr std::string_view kEnvFields[] = {"hostKeys"};

constexpr std::string_view kTargetGroup = "gateway.networking.k8s.io";
constexpr std::string_view kTargetKinds[] = {"Gateway",  "ListenerSet", "HTTPRoute", "GRPCRoute",
                                             "UDPRoute", "TCPRoute",    "TLSRoute"};
constexpr std::string_view kCodeTypes[] = {"Image", "HTTP"};
constexpr std::string_view kPullPolicies[] = {"IfNotPresent", "Always"};
constexpr std::size_t kMaxModules = 16;

template <typename Visit>
void for_each_target(const PolicyManifest& policy, const Visit& visit) {
  if (const auto* const target = yaml::find(policy.spec, "targetRef")) visit(*target);
  if (const auto* const targets = yaml::find(policy.spec, "targetRefs")) {
    for (const auto& target : targets->items) visit(target);
  }
}

template <typename Visit>
void for_each_module(const PolicyManifest& policy, const Visit& visit) {
  const auto* const list = yaml::find(policy.spec, "wasm");
  if (list == nullptr) return;
  for (const auto& module : list->items) visit(module);
}

// ---- fields
// --------------------------------------------------------------------------------------

class FieldCheck {
 public:
  FieldCheck(const PolicyManifest& policy, Report& report) : policy_(policy), report_(report) {}

  void run() {
    for (const auto& key : policy_.stray_keys) refuse(key, kObjectFields);
    check(policy_.spec, kSpecFields);
    for_each_target(policy_, [&](const Node& target) { check(target, kTargetFields); });
    for_each_module(policy_, [&](const Node& module) {
      check(module, kWasmFields);
      check_below(module, "env", kEnvFields);
      const auto* const code = check_below(module, "code", kCodeFields);
      if (code == nullptr) return;
      check_below(*code, "http", kHttpFields);
      const auto* const image = check_below(*code, "image", kImageFields);
      if (image != nullptr) check_below(*image, "pullSecretRef", kSecretFields);
    });
  }

 private:
  void check(const Node& mapping, Words known) {
    for (const auto& entry : mapping.entries) {
      if (std::ranges::find(known, entry.key.text) == known.end()) refuse(entry.key, known);
    }
  }

  const Node* check_below(const Node& mapping, std::string_view key, Words known) {
    const auto* const node = yaml::find(mapping, key);
    if (node != nullptr) check(*node, known);
    return node;
  }

  void refuse(const Node& key, Words known) {
    report_.add(site_of(policy_, key),
                fmt::format("EnvoyExtensionPolicy has no such field `{}` here", key.text),
                base::suggest(key.text, known));
  }

  const PolicyManifest& policy_;
  Report& report_;
};

void check_policy_field(const Survey& survey, Report& report) {
  for (const auto& policy : survey.inventory().policies) FieldCheck(policy, report).run();
}

// ---- values
// --------------------------------------------------------------------------------------

class ValueCheck {
 public:
  ValueCheck(const PolicyManifest& policy, Report& report) : policy_(policy), report_(report) {}

  void run() {
    check_targets();
    std::size_t count = 0;
    for_each_module(policy_, [&](const Node& module) {
      if (++count == kMaxModules + 1) {
        add(module, fmt::format("a policy has at most {} modules", kMaxModules),
            "make a second policy for another route");
      }
      check_module(module);
    });
  }

 private:
  void add(const Node& node, std::string message, std::string hint) {
    report_.add(site_of(policy_, node), std::move(message), std::move(hint));
  }

  void check_word(const Node& mapping, std::string_view key, Words known) {
    const auto* const node = yaml::find(mapping, key);
    if (node == nullptr || std::ranges::find(known, node->text) != known.end()) return;
    add(*node, fmt::format("`{}` cannot be `{}`", key, node->text),
        base::suggest(node->text, known));
  }

  void check_targets() {
    const auto given = [&](std::string_view key) {
      return yaml::find(policy_.spec, key) != nullptr;
    };
    if (!given("targetRef") && !given("targetRefs") && !given("targetSelectors")) {
      report_.add(policy_.site, fmt::format("policy `{}` names no target", policy_.name),
                  "`targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: NAME}]`");
    }
    for_each_target(policy_, [&](const Node& target) {
      check_word(target, "kind", kTargetKinds);
      const auto* const group = yaml::find(target, "group");
      if (group == nullptr || group->text != kTargetGroup) {
        add(group == nullptr ? target : *group,
            group == nullptr ? std::string("the target has no group")
                             : fmt::format("`group` cannot be `{}`", group->text),
            fmt::format("write `group: {}`", kTargetGroup));
      }
    });
  }

  void check_module(const Node& module) {
    const auto* const fail_open = yaml::find(module, "failOpen");
    if (fail_open != nullptr && yaml::type_of(*fail_open) != yaml::ScalarType::boolean) {
      add(*fail_open, fmt::format("`failOpen` must be true or false, not `{}`", fail_open->text),
          "false denies requests when the plugin fails");
    }
    const auto* const code = yaml::find(module, "code");
    if (code == nullptr) {
      add(module, "has no `code`", "`code: {type: Image, image: {url: REGISTRY/REPOSITORY:TAG}}`");
      return;
    }
    check_word(*code, "type", kCodeTypes);
    check_word(*code, "pullPolicy", kPullPolicies);
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
    } else if (!wanted && source != nullptr) {
      add(*source, fmt::format("`{}` stands beside another type than {}", key, type),
          fmt::format("write `type: {}`", type));
    }
  }

  void check_urls(const Node& code) {
    const auto* const image = yaml::find(code, "image");
    const auto* const image_url = image == nullptr ? nullptr : yaml::find(*image, "url");
    const auto scheme_end = image_url == nullptr ? std::string::npos : image_url->text.find("://");
    if (scheme_end != std::string::npos) {
      add(*image_url,
          fmt::format("an image is named without `{}`", image_url->text.substr(0, scheme_end + 3)),
          fmt::format("write `{}`", image_url->text.substr(scheme_end + 3)));
    }
    const auto* const http = yaml::find(code, "http");
    const auto* const http_url = http == nullptr ? nullptr : yaml::find(*http, "url");
    if (http_url != nullptr && !http_url->text.starts_with("http://") &&
        !http_url->text.starts_with("https://")) {
      add(*http_url, fmt::format("`{}` is no http url", http_url->text), "write `https://...`");
    }
  }

  const PolicyManifest& policy_;
  Report& report_;
};

void check_policy_value(const Survey& survey, Report& report) {
  for (const auto& policy : survey.inventory().policies) ValueCheck(policy, report).run();
}

// ---- targets
// -------------------------------------------------------------------------------------

// The Gateway of that name, if it is in other namespaces than `ns` only.
const GatewayManifest* find_elsewhere(const Inventory& inventory, const std::string& name,
                                      const std::string& ns) {
  const GatewayManifest* elsewhere = nullptr;
  for (const auto& gateway : inventory.gateways) {
    if (gateway.name != name) continue;
    if (gateway.ns == ns) return nullptr;
    elsewhere = &gateway;
  }
  return elsewhere;
}

// A target is looked up in the namespace of what names it, by Envoy Gateway and by Istio.
void check_target(const Survey& survey, std::string_view what, const Object& object,
                  const Node& target, Report& report) {
  const auto* const kind = yaml::find(target, "kind");
  const auto* const name = yaml::find(target, "name");
  if (kind == nullptr || kind->text != "Gateway" || name == nullptr) return;
  const auto* const gateway = find_elsewhere(survey.inventory(), name->text, object.ns);
  if (gateway == nullptr) return;
  report.add(site_of(object, *name),
             fmt::format("Gateway `{}` is in namespace {}, {} `{}` in {}", name->text, gateway->ns,
                         what, object.name, object.ns),
             fmt::format("a {} reaches its own namespace only: put it into {}{}", what, gateway->ns,
                         assumption({&object, gateway})));
}

void check_target_namespace(const Survey& survey, Report& report) {
  for (const auto& policy : survey.inventory().policies) {
    for_each_target(policy, [&](const Node& target) {
      check_target(survey, "policy", policy, target, report);
    });
  }
  for (const auto& plugin : survey.inventory().plugins) {
    const auto* const targets = yaml::find(plugin.spec, "targetRefs");
    if (targets == nullptr) continue;
    for (const auto& target : targets->items) {
      check_target(survey, "plugin", plugin, target, report);
    }
  }
}

constexpr ManifestRule kGatewayRules[] = {
    {"policy-field", Severity::error, "every field is one of EnvoyExtensionPolicy's",
     check_policy_field},
    {"policy-value", Severity::error, "every value has the form that Envoy Gateway accepts",
     check_policy_value},
    {"target-namespace", Severity::error, "a plugin or policy is in the namespace of its target",
     check_target_namespace},
};

}  // namespace

std::span<const ManifestRule> gateway_rules() {
  return kGatewayRules;
}

}  // namespace wasmctl::kube
