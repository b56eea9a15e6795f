// Rules about targets: what targetRefs name, and whether anything there loads the plugin.
// Source: istio pilot/pkg/model/policyattachment.go, ShouldAttachPolicy.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "kube/check/rules/rules.hpp"
#include "kube/gateway_labels.hpp"

namespace wasmctl::kube {

namespace {

constexpr std::string_view kEnvoyGatewayController = "gateway.envoyproxy.io/";

// One target of a plugin or policy.
struct TargetRef {
  const Object& object;  // that names it
  const yaml::Node& node;
  std::string_view what;  // "plugin", "policy"
  std::string kind;
  std::string name;

  Site site() const {
    const auto* const name_node = yaml::find(node, "name");
    return site_of(object, name_node == nullptr ? node : *name_node);
  }
};

// Of Istio's plugins and of Envoy Gateway's policies.
std::vector<TargetRef> all_targets(const Survey& survey) {
  std::vector<TargetRef> targets;
  const auto add = [&](const Object& object, const yaml::Node& spec, std::string_view what) {
    for (const auto* const node : targets_of(spec)) {
      auto [kind, name] = named_by(*node);
      targets.push_back({object, *node, what, std::move(kind), std::move(name)});
    }
  };
  for (const auto* const plugin : survey.istio_plugins()) add(*plugin, plugin->spec, "plugin");
  for (const auto& policy : survey.inventory().policies) add(policy, policy.spec, "policy");
  return targets;
}

bool is_of_istio(const TargetRef& target) {
  return target.what == "plugin";
}

// ---- where it is

// Those of the same kind and name in other namespaces.
const TargetManifest* find_target_elsewhere(const Survey& survey, const TargetRef& target) {
  const auto& targets = survey.inventory().targets;
  const auto found = std::ranges::find_if(targets, [&](const TargetManifest& other) {
    return other.kind == target.kind && other.name == target.name && !survey.is_mended(other);
  });
  return found == targets.end() ? nullptr : &*found;
}

const TargetManifest* find_here(const Survey& survey, const TargetRef& target) {
  const bool of_cluster = target.kind == "GatewayClass";
  return survey.find_target(target.kind, of_cluster ? "" : target.object.ns, target.name);
}

// A target is looked up in the namespace of what names it, by Envoy Gateway and by Istio.
void check_target_namespace(const Survey& survey, Report& report) {
  for (const auto& target : all_targets(survey)) {
    if (find_here(survey, target) != nullptr) continue;
    const auto* const elsewhere = find_target_elsewhere(survey, target);
    if (elsewhere == nullptr || target.kind == "GatewayClass") continue;
    report.add(target.site(),
               fmt::format("{} `{}` is in namespace {}, {} `{}` in {}", target.kind, target.name,
                           elsewhere->ns, target.what, target.object.name, target.object.ns),
               fmt::format("a {} reaches its own namespace only: put it into {}{}", target.what,
                           elsewhere->ns, assumption({&target.object, elsewhere})));
  }
}

// A name that is nearly that of another of the kind and namespace.
void check_target_absent(const Survey& survey, Report& report) {
  for (const auto& target : all_targets(survey)) {
    if (find_here(survey, target) != nullptr || find_target_elsewhere(survey, target) != nullptr)
      continue;
    const bool of_istio = target.kind == "Gateway" && is_of_istio(target) &&
                          survey.find_target(kIstioGateway, target.object.ns, target.name);
    if (of_istio) {
      report.add(target.site(),
                 fmt::format("Gateway `{}` of these files is Istio's own, which targetRefs do not "
                             "name",
                             target.name),
                 "they name Gateways of gateway.networking.k8s.io: select the pods of the gateway "
                 "by their labels");
      continue;
    }
    std::vector<std::string_view> names;
    for (const auto& other : survey.inventory().targets) {
      const bool here = other.ns == target.object.ns || other.ns.empty();
      if (other.kind == target.kind && here && !survey.is_mended(other)) {
        names.push_back(other.name);
      }
    }
    const auto guess = base::nearest(target.name, names);
    if (guess.empty()) continue;
    report.add(target.site(),
               fmt::format("{} `{}` is not in these files", target.kind, target.name),
               fmt::format("did you mean `{}`?", guess));
  }
}

// A listener of a Gateway, a rule of a route.
void check_target_section(const Survey& survey, Report& report) {
  for (const auto& target : all_targets(survey)) {
    const auto* const section = yaml::find(target.node, "sectionName");
    const auto* const found = section == nullptr ? nullptr : find_here(survey, target);
    if (found == nullptr || survey.is_mended(*found)) continue;
    const auto& names = found->sections;
    if (std::ranges::find(names, section->text) != names.end()) continue;
    std::vector<std::string_view> named;
    std::ranges::copy_if(names, std::back_inserter(named),
                         [](const std::string& name) { return !name.empty(); });
    report.add(site_of(target.object, *section),
               fmt::format("{} `{}` has no {} `{}`", target.kind, target.name,
                           target.kind.ends_with("Route") ? "rule" : "listener", section->text),
               named.empty() ? "none of them has a name"
                             : fmt::format("it has: {}", fmt::join(named, ", ")));
  }
}

// What labels select, in the policy's namespace.
void check_target_selector(const Survey& survey, Report& report) {
  for (const auto& policy : survey.inventory().policies) {
    const auto* const selectors = yaml::find(policy.spec, "targetSelectors");
    if (selectors == nullptr || !survey.is_whole()) continue;
    for (const auto& selector : selectors->items) {
      const auto* const wanted = yaml::find(selector, "matchLabels");
      if (wanted == nullptr || selector.entries.size() > 3) continue;
      const auto kind = named_by(selector).first;
      bool any = false;
      bool fits = false;
      for (const auto& target : survey.inventory().targets) {
        if (target.kind != kind || target.ns != policy.ns) continue;
        any = true;
        fits = fits || std::ranges::all_of(wanted->entries, [&](const yaml::Entry& label) {
                 const auto found = target.labels.find(label.key.text);
                 return found != target.labels.end() && found->second == label.value.text;
               });
      }
      if (!any || fits) continue;
      report.add(site_of(policy, *wanted),
                 fmt::format("policy `{}` selects no {} of these files", policy.name, kind),
                 "the labels are those of the target (metadata.labels)");
    }
  }
}

// Envoy Gateway attaches the oldest policy to a target, and no other.
// Source: envoyproxy/gateway internal/gatewayapi/envoyextensionpolicy.go ("another
// EnvoyExtensionPolicy has already attached to it").
void check_policy_conflict(const Survey& survey, Report& report) {
  std::map<std::string, const Object*> attached;  // by what is named
  for (const auto& target : all_targets(survey)) {
    if (is_of_istio(target) || target.name.empty()) continue;
    const auto* const section = yaml::find(target.node, "sectionName");
    const auto key = fmt::format("{}/{}/{}/{}", target.object.ns, target.kind, target.name,
                                 section == nullptr ? "" : section->text);
    const auto [found, is_new] = attached.try_emplace(key, &target.object);
    const auto& other = *found->second;
    const bool same = is_new || other.name == target.object.name;  // twice one is another rule's
    if (same || !survey.inventory().are_together(other.site.file, target.object.site.file))
      continue;
    report.add(target.site(),
               fmt::format("policies `{}` and `{}` are for one {}, `{}`, of which Envoy Gateway "
                           "accepts the older alone",
                           other.name, target.object.name, target.kind, target.name),
               "put the plugins into one policy, in the order in which they are to run");
  }
}

// ---- who serves it

// The controller of a Gateway's class: "istio.io/gateway-controller"; empty if it is not known.
std::string controller_of(const Survey& survey, const std::string& gateway_class) {
  const auto* const found = survey.find_target("GatewayClass", "", gateway_class);
  if (found != nullptr) return found->gateway_class;
  return gateway_class.starts_with("istio") ? "istio.io/" : "";
}

bool is_waypoint_gateway(const Survey& survey, const TargetManifest& gateway) {
  return gateway.gateway_class == kWaypointClass ||
         controller_of(survey, gateway.gateway_class) == "istio.io/mesh-controller";
}

// A class that nobody describes may be Envoy Gateway's under any name; Istio's begin with its own.
void check_target_class(const Survey& survey, Report& report) {
  for (const auto& target : all_targets(survey)) {
    if (target.kind != "Gateway") continue;
    const auto* const gateway = find_here(survey, target);
    if (gateway == nullptr || gateway->gateway_class.empty() || survey.is_mended(*gateway))
      continue;
    const auto controller = controller_of(survey, gateway->gateway_class);
    const bool fits = is_of_istio(target)
                          ? controller.starts_with("istio.io/")
                          : controller.empty() || controller.starts_with(kEnvoyGatewayController);
    if (fits) continue;
    report.add(
        target.site(),
        fmt::format("Gateway `{}` has class `{}`, which is not {}'s, so {} `{}` reaches "
                    "nothing",
                    target.name, gateway->gateway_class,
                    is_of_istio(target) ? "Istio" : "Envoy Gateway", target.what,
                    target.object.name),
        is_of_istio(target)
            ? "of a class with a name of its own, check its GatewayClass, too; Envoy Gateway "
              "takes an EnvoyExtensionPolicy"
            : "Istio takes a WasmPlugin");
  }
}

void check_gateway_class(const Survey& survey, Report& report) {
  for (const auto& target : all_targets(survey)) {
    if (target.kind != "GatewayClass" || !is_of_istio(target)) continue;
    if (target.object.ns != kRootNamespace) {
      report.add(target.site(),
                 fmt::format("a GatewayClass is a target from {} only, and plugin `{}` is in {}",
                             kRootNamespace, target.object.name, target.object.ns),
                 fmt::format("put the plugin into {}, or name the Gateways of its namespace{}",
                             kRootNamespace, assumption({&target.object})));
    } else if (target.name != kWaypointClass) {
      report.add(
          target.site(), fmt::format("`{}` is not a GatewayClass that plugins reach", target.name),
          fmt::format("it is `{}` alone; name the Gateways of other classes", kWaypointClass));
    }
  }
}

// ---- a Gateway that its owner deploys

// The namespace of the Service that the Gateway's address names: SERVICE[.NAMESPACE[.svc...]].
std::string namespace_of_host(const TargetManifest& gateway) {
  const auto dot = gateway.host.find('.');
  if (dot == std::string::npos) return gateway.ns;
  return gateway.host.substr(dot + 1, gateway.host.find('.', dot + 1) - dot - 1);
}

// Istio knows the pods of a Gateway by a label, which it writes where it deploys them itself.
void check_target_label(const Survey& survey, Report& report) {
  for (const auto& target : all_targets(survey)) {
    if (target.kind != "Gateway" || !is_of_istio(target)) continue;
    const auto* const gateway = find_here(survey, target);
    if (gateway == nullptr || gateway->host.empty() || survey.is_mended(*gateway)) continue;
    const auto ns = namespace_of_host(*gateway);
    const Pods* unlabelled = nullptr;
    bool labelled = false;
    for (const auto& pods : survey.pods()) {
      const auto& labels = pods.workload->labels;
      const auto label = labels.find(kGatewayName);
      if (pods.workload->ns != ns || survey.is_mended(*pods.workload)) continue;
      if (label != labels.end() && label->second == target.name) labelled = true;
      if (pods.is_gateway && (label == labels.end() || label->second != target.name)) {
        unlabelled = &pods;
      }
    }
    if (labelled || unlabelled == nullptr) continue;
    report.add(
        target.site(),
        fmt::format("Gateway `{}` is deployed by hand ({}), and no pods here have the label "
                    "{}: {}, so plugin `{}` reaches nothing",
                    target.name, gateway->host, kGatewayName, target.name, target.object.name),
        fmt::format("give the label to the pods of {}", describe(*unlabelled->workload)));
  }
}

// ---- waypoints

bool has_waypoint(const Survey& survey, const TargetManifest& service) {
  if (!service.waypoint.empty()) return true;
  const auto* const ns = survey.find_namespace(service.ns);
  if (ns != nullptr) {
    const auto label = ns->labels.find(kUseWaypoint);
    if (label != ns->labels.end() && label->second != "none") return true;
  }
  return std::ranges::any_of(survey.inventory().targets, [&](const TargetManifest& other) {
    return other.kind == "Gateway" && other.ns == service.ns && is_waypoint_gateway(survey, other);
  });
}

// What the label of a Service nearly names; empty if it names a Gateway, or nothing near.
std::string_view misspelt_waypoint(const Survey& survey, const TargetManifest& service) {
  std::vector<std::string_view> names;
  for (const auto& other : survey.inventory().targets) {
    if (other.kind == "Gateway" && other.ns == service.ns) names.push_back(other.name);
  }
  const auto meant = base::nearest(service.waypoint, names);
  return meant == service.waypoint ? "" : meant;
}

void check_target_waypoint(const Survey& survey, Report& report) {
  for (const auto& target : all_targets(survey)) {
    if (target.kind != "Service" && target.kind != "ServiceEntry") continue;
    const auto* const service = find_here(survey, target);
    if (service == nullptr || !survey.is_whole()) continue;
    if (const auto meant = misspelt_waypoint(survey, *service); !meant.empty()) {
      report.add(service->site,
                 fmt::format("waypoint `{}` of {} `{}` is not in these files", service->waypoint,
                             target.kind, service->name),
                 fmt::format("did you mean `{}`?", meant));
      continue;
    }
    const auto* const named = survey.find_target("Gateway", service->ns, service->waypoint);
    if (named != nullptr && !is_waypoint_gateway(survey, *named)) {
      report.add(service->site,
                 fmt::format("the waypoint of {} `{}` is Gateway `{}`, whose class `{}` makes none",
                             target.kind, service->name, named->name, named->gateway_class),
                 fmt::format("a waypoint's class is `{}`", kWaypointClass));
      continue;
    }
    if (has_waypoint(survey, *service)) continue;
    report.add(target.site(),
               fmt::format("only a waypoint loads a plugin for a {}, and `{}` has none in these "
                           "files",
                           target.kind, target.name),
               fmt::format("make one: `istioctl waypoint apply -n {}`, and label the {} or its "
                           "namespace with istio.io/use-waypoint; see that it is in the cluster: "
                           "`kubectl get gateway -n {}`",
                           service->ns, target.kind, service->ns));
  }
}

constexpr ManifestRule kTargetRules[] = {
    {"target-namespace", Severity::error, "a plugin or policy is in the namespace of its target",
     RuleScope::together, check_target_namespace},
    {"target-absent", Severity::warning, "a target has the name of one that is there",
     RuleScope::together, check_target_absent},
    {"target-section", Severity::error, "a target's sectionName is one of its listeners or rules",
     RuleScope::together, check_target_section},
    {"target-selector", Severity::warning, "targetSelectors match a target of the files",
     RuleScope::together, check_target_selector},
    {"policy-conflict", Severity::warning, "no two policies are for one target",
     RuleScope::together, check_policy_conflict},
    {"target-class", Severity::warning, "a Gateway is of a class whose controller loads the plugin",
     RuleScope::together, check_target_class},
    {"gateway-class", Severity::error,
     "a GatewayClass is a target from the root namespace, and is istio-waypoint",
     RuleScope::together, check_gateway_class},
    {"target-label", Severity::error,
     "the pods of a Gateway that is deployed by hand have its label", RuleScope::together,
     check_target_label},
    {"target-waypoint", Severity::warning, "a Service or ServiceEntry has a waypoint",
     RuleScope::together, check_target_waypoint},
};

}  // namespace

std::span<const ManifestRule> target_rules() {
  return kTargetRules;
}

}  // namespace wasmctl::kube
