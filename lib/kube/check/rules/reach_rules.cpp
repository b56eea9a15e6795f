// Rules about whom a plugin reaches, and beside whom it stands there.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "kube/check/rules/rules.hpp"
#include "kube/render/envoy_gateway.hpp"

namespace wasmctl::kube {

namespace {

void check_injection(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
    for (const auto* const workload : survey.selected(plugin)) {
      const auto why = why_not_injected(survey, *workload);
      if (!why || has_own_proxy(*workload)) continue;
      report.add(workload->site,
                 fmt::format("the pods of {} get no proxy ({}), so plugin `{}` cannot run there",
                             describe(*workload), *why, plugin.name),
                 "allow the injection, or leave the workload out of the selector");
    }
  }
}

// Where the pods are that a plugin means, if they are in other namespaces than its own.
const WorkloadManifest* find_elsewhere(const Survey& survey, const PluginManifest& plugin) {
  const auto& workloads = survey.inventory().workloads;
  const auto found = std::ranges::find_if(workloads, [&](const WorkloadManifest& workload) {
    return matches(plugin.selector, workload.labels);
  });
  return found == workloads.end() ? nullptr : &*found;
}

void check_selects_nothing(const Survey& survey, Report& report) {
  if (survey.inventory().workloads.empty()) return;
  for (const auto& plugin : survey.inventory().plugins) {
    if (plugin.has_targets || !survey.selected(plugin).empty()) continue;
    if (plugin.selector.empty()) {
      report.add(plugin.site,
                 fmt::format("plugin `{}` is for all of namespace {}, where no workload of these "
                             "files is",
                             plugin.name, plugin.ns),
                 "put it into the namespace of the pods that it is for");
    } else if (find_elsewhere(survey, plugin) == nullptr) {
      report.add(site_of(plugin, *yaml::find(plugin.spec, "selector")),
                 fmt::format("plugin `{}` selects no workload of these files", plugin.name),
                 "the labels are those of the pods (spec.template.metadata.labels)");
    }
  }
}

void check_other_namespace(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
    if (plugin.has_targets || plugin.selector.empty() || !survey.selected(plugin).empty()) continue;
    const auto* const workload = find_elsewhere(survey, plugin);
    if (workload == nullptr) continue;
    report.add(plugin.site,
               fmt::format("plugin `{}` is in namespace {}, where it selects nothing; {} is in {}",
                           plugin.name, plugin.ns, describe(*workload), workload->ns),
               fmt::format("a plugin reaches its own namespace, and from {} all: put it into {}{}",
                           kRootNamespace, workload->ns, assumption({&plugin, workload})));
  }
}

void check_root_namespace(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
    if (plugin.ns != kRootNamespace || plugin.has_selector || plugin.has_targets) continue;
    report.add(plugin.site,
               fmt::format("plugin `{}` is loaded by every proxy of the mesh", plugin.name),
               "put it into the workload's namespace, with a selector");
  }
}

// ---- gateways and waypoints
// ----------------------------------------------------------------------

constexpr std::string_view kGatewayLabels[] = {"gateway.networking.k8s.io/gateway-name",
                                               "istio.io/gateway-name"};

// A Gateway of the class istio-waypoint, or what says by its labels that it is one.
bool is_waypoint(const Survey& survey, std::string_view ns, std::string_view name) {
  const auto& gateways = survey.inventory().gateways;
  const auto found = std::ranges::find_if(gateways, [&](const GatewayManifest& gateway) {
    return gateway.ns == ns && gateway.name == name;
  });
  return found == gateways.end() ? name == "waypoint" : found->gateway_class == "istio-waypoint";
}

void check_waypoint(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
    for (const auto key : kGatewayLabels) {
      const auto label = plugin.selector.find(std::string(key));
      if (label == plugin.selector.end() || !is_waypoint(survey, plugin.ns, label->second))
        continue;
      report.add(site_of(plugin, *yaml::find(plugin.spec, "selector")),
                 fmt::format("waypoint `{}` ignores selectors, so plugin `{}` reaches nothing",
                             label->second, plugin.name),
                 fmt::format("name it: `targetRefs: [{{group: gateway.networking.k8s.io, kind: "
                             "Gateway, name: {}}}]`",
                             label->second));
    }
  }
}

// A gateway's listeners are outbound to Istio: what is for SERVER alone is in none.
void check_gateway_mode(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
    const auto* const match = yaml::find(plugin.spec, "match");
    if (match == nullptr || match->items.empty()) continue;
    const bool server_only = std::ranges::all_of(match->items, [](const yaml::Node& item) {
      const auto* const mode = yaml::find(item, "mode");
      return mode != nullptr && mode->text == "SERVER";
    });
    if (!server_only) continue;
    std::string gateway;
    for (const auto* const workload : survey.selected(plugin)) {
      if (is_gateway(*workload)) gateway = describe(*workload);
    }
    if (const auto* const targets = yaml::find(plugin.spec, "targetRefs")) {
      for (const auto& target : targets->items) {
        const auto* const kind = yaml::find(target, "kind");
        const auto* const name = yaml::find(target, "name");
        if (kind == nullptr || kind->text != "Gateway" || name == nullptr) continue;
        if (!is_waypoint(survey, plugin.ns, name->text)) gateway = "Gateway " + name->text;
      }
    }
    if (gateway.empty()) continue;
    report.add(site_of(plugin, *match),
               fmt::format("mode SERVER leaves plugin `{}` out of {}", plugin.name, gateway),
               "a gateway has mode CLIENT or CLIENT_AND_SERVER; or leave `match` out");
  }
}

// ---- plugins among themselves
// --------------------------------------------------------------------

void check_same_name(const Survey& survey, Report& report) {
  const auto& inventory = survey.inventory();
  std::map<std::tuple<std::string, std::string, std::string>, Site> seen;
  const auto see = [&](const std::string& kind, const Object& object) {
    const auto [first, is_new] = seen.try_emplace({kind, object.ns, object.name}, object.site);
    if (is_new) return;
    const auto& [file, mark] = first->second;
    report.add(object.site,
               fmt::format("a second {} `{}` in namespace {}; the first is in {}", kind,
                           object.name, object.ns, yaml::place(inventory.files[file], mark)),
               "the one that is applied last replaces the other");
  };
  for (const auto& plugin : inventory.plugins) see(plugin.kind, plugin);
  for (const auto& policy : inventory.policies) see(kExtensionPolicy, policy);
}

// HTTP and network filters are in chains of their own.
std::string place_in_chain(const PluginManifest& plugin) {
  const auto* const phase = yaml::find(plugin.spec, "phase");
  const auto* const priority = yaml::find(plugin.spec, "priority");
  const auto* const type = plugin.module_field("type");
  const auto name = phase == nullptr || phase->text.starts_with("UNSPECIFIED")
                        ? std::string("no phase")
                        : phase->text;
  return fmt::format("{}{}, priority {}",
                     type != nullptr && type->text == "NETWORK" ? "NETWORK, " : "", name,
                     priority == nullptr ? "0" : priority->text);
}

void check_same_order(const Survey& survey, Report& report) {
  const auto& workloads = survey.inventory().workloads;
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    const auto& plugins = survey.plugins_of()[i];
    if (plugins.size() < 2) continue;
    std::map<std::string, const PluginManifest*> seen;
    for (const auto* const plugin : plugins) {
      const auto [first, is_new] = seen.try_emplace(place_in_chain(*plugin), plugin);
      const auto* const other = first->second;
      const bool same = other->kind == plugin->kind && other->name == plugin->name;
      if (is_new || (same && other->ns == plugin->ns)) continue;
      report.add(
          plugin->site,
          fmt::format("plugins `{}` and `{}` of {} have the same place ({})", first->second->name,
                      plugin->name, describe(workloads[i]), first->first),
          "their names decide the order: give each a priority of its own");
    }
  }
}

constexpr ManifestRule kReachRules[] = {
    {"injection-off", Severity::error, "the pods that a plugin selects get a proxy",
     check_injection},
    {"selects-nothing", Severity::warning, "a selector matches a workload of the files",
     check_selects_nothing},
    {"other-namespace", Severity::error, "a plugin is in the namespace of the pods that it is for",
     check_other_namespace},
    {"root-namespace", Severity::warning, "a plugin for the whole mesh says whom it selects",
     check_root_namespace},
    {"waypoint-selector", Severity::error, "a waypoint is named by targetRefs", check_waypoint},
    {"gateway-mode", Severity::error, "a gateway's plugin is not for mode SERVER alone",
     check_gateway_mode},
    {"same-name", Severity::error, "no two plugins have one name", check_same_name},
    {"same-order", Severity::warning, "no two plugins of a workload have one place in the chain",
     check_same_order},
};

}  // namespace

std::span<const ManifestRule> reach_rules() {
  return kReachRules;
}

}  // namespace wasmctl::kube
