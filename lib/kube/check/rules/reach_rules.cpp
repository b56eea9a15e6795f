// Rules about whom a plugin reaches, and beside whom it stands there.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "kube/check/rules/rules.hpp"
#include "kube/gateway_labels.hpp"
#include "kube/render/envoy_gateway.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::kube {

namespace {

// A plugin without a selector is for the proxies that there are.
void check_injection(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.mesh_plugins()) {
    const auto* const selection = survey.find_selection(*plugin);
    const bool injected = plugin->kind->reach == PluginReach::sidecars;
    if (selection == nullptr || plugin->selector.empty() || !injected) continue;
    std::vector<const Pods*> without;
    std::ranges::copy_if(selection->pods, std::back_inserter(without),
                         [](const Pods* pods) { return !pods->has_proxy(); });
    if (without.empty()) continue;
    report.add(
        without.front()->workload->site,
        fmt::format("the pods of {} get no proxy ({}), so {} cannot run there", describe(without),
                    *without.front()->why_not_injected, describe(*plugin)),
        "allow the injection, or leave the workload out of the selector");
  }
}

// Where the pods are that a plugin means, if they are in other namespaces than its own.
const WorkloadManifest* find_workload_elsewhere(const Survey& survey,
                                                const PluginManifest& plugin) {
  const auto& workloads = survey.inventory().workloads;
  const auto found = std::ranges::find_if(workloads, [&](const WorkloadManifest& workload) {
    return matches(plugin.selector, workload.labels);
  });
  return found == workloads.end() ? nullptr : &*found;
}

// What selects nothing, and how that is known: the files are all that there is to look at.
const Selection* find_empty_selection(const Survey& survey, const PluginManifest& plugin) {
  const auto* const selection = survey.find_selection(plugin);
  const bool known = selection != nullptr && selection->pods.empty() && survey.is_whole() &&
                     plugin.kind->reach == PluginReach::sidecars;
  return known ? selection : nullptr;
}

// Pods that the labels of an EnvoyFilter select, but not its context.
const Pods* find_other_role(const Survey& survey, const PluginManifest& plugin) {
  if (plugin.context == FilterContext::any) return nullptr;
  const auto found = std::ranges::find_if(survey.pods(), [&](const Pods& pods) {
    return (plugin.ns == kRootNamespace || plugin.ns == pods.workload->ns) &&
           matches(plugin.selector, pods.workload->labels);
  });
  return found == survey.pods().end() ? nullptr : &*found;
}

void check_selects_nothing(const Survey& survey, Report& report) {
  if (survey.inventory().workloads.empty()) return;
  for (const auto* const plugin : survey.mesh_plugins()) {
    if (find_empty_selection(survey, *plugin) == nullptr) continue;
    if (plugin->selector.empty()) {
      if (plugin->kind->form == PluginForm::filter_message) continue;
      report.add(plugin->site,
                 fmt::format("{} is for all of namespace {}, where no workload of these files is",
                             describe(*plugin), plugin->ns),
                 "put it into the namespace of the pods that it is for");
    } else if (const auto* const other = find_other_role(survey, *plugin)) {
      const bool for_gateways = plugin->context == FilterContext::gateways;
      report.add(plugin->site,
                 fmt::format("{} is for {} (its context), and {} is {}", describe(*plugin),
                             for_gateways ? "gateways" : "sidecars", describe(*other->workload),
                             for_gateways ? "none" : "a gateway"),
                 for_gateways ? "write `context: SIDECAR_INBOUND` or `SIDECAR_OUTBOUND`"
                              : "write `context: GATEWAY`");
    } else if (find_workload_elsewhere(survey, *plugin) == nullptr) {
      const auto* const selector = yaml::find(plugin->spec, "selector");
      report.add(selector == nullptr ? plugin->site : site_of(*plugin, *selector),
                 fmt::format("{} selects no workload of these files", describe(*plugin)),
                 "the labels are those of the pods (spec.template.metadata.labels)");
    }
  }
}

void check_other_namespace(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.mesh_plugins()) {
    if (plugin->selector.empty() || find_empty_selection(survey, *plugin) == nullptr) continue;
    const auto* const workload = find_workload_elsewhere(survey, *plugin);
    if (workload == nullptr || workload->ns == plugin->ns) continue;
    report.add(plugin->site,
               fmt::format("{} is in namespace {}, where it selects nothing; {} is in {}",
                           describe(*plugin), plugin->ns, describe(*workload), workload->ns),
               fmt::format("a plugin reaches its own namespace, and from {} all: put it into {}{}",
                           kRootNamespace, workload->ns, assumption({plugin, workload})));
  }
}

void check_root_namespace(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.istio_plugins()) {
    if (plugin->ns != kRootNamespace || !plugin->selector.empty() || plugin->has_targets) continue;
    report.add(plugin->site,
               fmt::format("plugin `{}` is loaded by every proxy of the mesh", plugin->name),
               "put it into the workload's namespace, with a selector");
  }
}

// ---- gateways and waypoints
// ----------------------------------------------------------------------

constexpr std::string_view kGatewayLabels[] = {kGatewayName, "istio.io/gateway-name"};

// A Gateway of the class istio-waypoint, or what says by its labels that it is one.
bool is_waypoint(const Survey& survey, std::string_view ns, std::string_view name) {
  const auto* const gateway = survey.find_target("Gateway", ns, name);
  return gateway == nullptr ? name == "waypoint" : gateway->gateway_class == kWaypointClass;
}

void check_waypoint(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.istio_plugins()) {
    for (const auto key : kGatewayLabels) {
      const auto label = plugin->selector.find(std::string(key));
      if (label == plugin->selector.end() || !is_waypoint(survey, plugin->ns, label->second))
        continue;
      report.add(site_of(*plugin, *yaml::find(plugin->spec, "selector")),
                 fmt::format("waypoint `{}` ignores selectors, so plugin `{}` reaches nothing",
                             label->second, plugin->name),
                 fmt::format("name it: `targetRefs: [{{group: gateway.networking.k8s.io, kind: "
                             "Gateway, name: {}}}]`",
                             label->second));
    }
  }
}

bool is_for_server_alone(const yaml::Node& match) {
  return !match.items.empty() && std::ranges::all_of(match.items, [](const yaml::Node& item) {
    const auto* const mode = yaml::find(item, "mode");
    return mode != nullptr && mode->text == "SERVER";
  });
}

// A gateway that the plugin is for, by its selector or its targets; empty if there is none.
std::string find_gateway(const Survey& survey, const PluginManifest& plugin) {
  if (const auto* const selection = survey.find_selection(plugin)) {
    const auto found = std::ranges::find_if(selection->with_proxy, &Pods::is_gateway);
    if (found != selection->with_proxy.end()) return describe(*(*found)->workload);
  }
  for (const auto* const target : targets_of(plugin.spec)) {
    const auto [kind, name] = named_by(*target);
    if (kind == "Gateway" && !is_waypoint(survey, plugin.ns, name)) return "Gateway " + name;
  }
  return "";
}

// A gateway's listeners are outbound to Istio: what is for SERVER alone is in none.
void check_gateway_mode(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.istio_plugins()) {
    const auto* const match = yaml::find(plugin->spec, "match");
    if (match == nullptr || !is_for_server_alone(*match)) continue;
    const auto gateway = find_gateway(survey, *plugin);
    if (gateway.empty()) continue;
    report.add(site_of(*plugin, *match),
               fmt::format("mode SERVER leaves plugin `{}` out of {}", plugin->name, gateway),
               "a gateway has mode CLIENT or CLIENT_AND_SERVER; or leave `match` out");
  }
}

// ---- plugins among themselves
// --------------------------------------------------------------------

// Two that go to one cluster: of one file, or else of one directory. Those of other directories are
// mostly for other environments.
template <typename Visit>
void for_each_double(const Survey& survey, const Visit& visit) {
  const auto& inventory = survey.inventory();
  std::map<std::tuple<std::string_view, std::string, std::string>, std::vector<const Object*>> seen;
  const auto see = [&](std::string_view kind, const Object& object) {
    auto& others = seen[{kind, object.ns, object.name}];
    for (const auto* const other : others) {
      if (visit(kind, object, *other)) break;
    }
    others.push_back(&object);
  };
  for (const auto* const plugin : survey.plugins()) {
    if (plugin->kind->has_plugin_fields()) see(plugin->kind->title, *plugin);
  }
  for (const auto& policy : inventory.policies) see(kExtensionPolicy, policy);
  for (const auto& config_map : inventory.config_maps) {
    const bool binary = std::ranges::any_of(
        config_map.values, [](const auto& value) { return !value.second.is_text; });
    if (binary) see("ConfigMap", config_map);  // that may have a module
  }
}

void report_double(const Survey& survey, Report& report, std::string_view kind,
                   const Object& object, const Object& first) {
  const auto& [file, mark] = first.site;
  report.add(object.site,
             fmt::format("a second {} `{}` in namespace {}; the first is in {}", kind, object.name,
                         object.ns, yaml::place(survey.inventory().files[file], mark)),
             "the one that is applied last replaces the other");
}

void check_same_name(const Survey& survey, Report& report) {
  for_each_double(survey, [&](auto kind, const Object& object, const Object& first) {
    const bool found = object.site.file == first.site.file;
    if (found) report_double(survey, report, kind, object, first);
    return found;
  });
}

void check_same_name_nearby(const Survey& survey, Report& report) {
  for_each_double(survey, [&](auto kind, const Object& object, const Object& first) {
    if (object.site.file == first.site.file) return true;
    const bool found = survey.inventory().are_together(object.site.file, first.site.file);
    if (found) report_double(survey, report, kind, object, first);
    return found;
  });
}

// HTTP and network filters are in chains of their own.
std::string place_in_chain(const PluginManifest& plugin) {
  const auto* const phase = yaml::find(plugin.spec, "phase");
  const auto* const priority = yaml::find(plugin.spec, "priority");
  const auto* const type = plugin.module_field("type");
  const auto name = phase == nullptr || phase->text.starts_with("UNSPECIFIED")
                        ? std::string("no phase")
                        : phase->text;
  return fmt::format(
      "{}{}, priority {}", type != nullptr && type->text == "NETWORK" ? "NETWORK, " : "", name,
      priority == nullptr || yaml::type_of(*priority) == yaml::ScalarType::null ? "0"
                                                                                : priority->text);
}

// Plugins that one proxy loads, by their places; in a place, in the order in which Istio has them.
using Chain = std::map<std::string, std::vector<const PluginManifest*>>;

Chain chain_of(const std::vector<const PluginManifest*>& plugins) {
  Chain chain;
  for (const auto* const plugin : plugins) {
    const auto& kind = *plugin->kind;
    const bool in_chain = kind.has_plugin_fields() && kind.reach == PluginReach::sidecars;
    if (in_chain) chain[place_in_chain(*plugin)].push_back(plugin);
  }
  for (auto& [place, list] : chain) {
    std::ranges::sort(list, {}, [](const auto* plugin) {
      return std::tie(plugin->name, plugin->ns, plugin->kind);
    });
    // The same one twice is for the rules about names.
    const auto rest = std::ranges::unique(list, [](const auto* a, const auto* b) {
      return a->name == b->name && a->ns == b->ns && a->kind == b->kind;
    });
    list.erase(rest.begin(), rest.end());
  }
  return chain;
}

// Neighbours in one place, and whose proxies have them both.
struct Neighbours {
  std::string place;
  const Pods* first = nullptr;
  std::size_t count = 0;  // of workloads; 0: none is known, but whoever has one has both
};

class OrderCheck {
 public:
  explicit OrderCheck(const Survey& survey) : survey_(survey) {}

  void run(Report& report) {
    // Workloads to which the same selections come have the same chain.
    const auto& selections = survey_.selections();
    std::vector<std::vector<std::uint32_t>> of_pods(survey_.pods().size());
    for (std::uint32_t i = 0; i < selections.size(); ++i) {
      // Whoever a selector names, they meet there.
      if (!selections[i].plugins.front()->selector.empty()) add(selections[i].plugins, {});
      for (const auto* const pods : selections[i].with_proxy) {
        of_pods[static_cast<std::size_t>(pods - survey_.pods().data())].push_back(i);
      }
    }
    std::map<std::vector<std::uint32_t>, std::vector<const Pods*>> groups;
    for (std::size_t i = 0; i < of_pods.size(); ++i) {
      if (!of_pods[i].empty()) groups[std::move(of_pods[i])].push_back(&survey_.pods()[i]);
    }
    for (const auto& [group, pods] : groups) {
      std::vector<const PluginManifest*> plugins;
      for (const auto i : group) {
        plugins.insert(plugins.end(), selections[i].plugins.begin(), selections[i].plugins.end());
      }
      add(plugins, pods);
    }
    add_targets();
    tell(report);
  }

 private:
  void add(const std::vector<const PluginManifest*>& plugins,
           const std::vector<const Pods*>& pods) {
    if (plugins.size() < 2) return;
    for (const auto& [place, list] : chain_of(plugins)) {
      for (std::size_t i = 1; i < list.size() && found_.size() < Report::kMaxFindings; ++i) {
        const auto& inventory = survey_.inventory();
        if (pods.empty() && !inventory.are_together(list[i - 1]->site.file, list[i]->site.file)) {
          continue;  // for other environments
        }
        auto& neighbours = found_[{list[i - 1], list[i]}];
        neighbours.place = place;
        if (neighbours.first == nullptr && !pods.empty()) neighbours.first = pods.front();
        neighbours.count += pods.size();
      }
    }
  }

  void add_targets() {
    std::map<std::string, std::vector<const PluginManifest*>> by_target;
    for (const auto* const plugin : survey_.istio_plugins()) {
      for (const auto* const target : targets_of(plugin->spec)) {
        const auto [kind, name] = named_by(*target);
        by_target[fmt::format("{}/{}/{}", plugin->ns, kind, name)].push_back(plugin);
      }
    }
    for (const auto& [target, plugins] : by_target) add(plugins, {});
  }

  void tell(Report& report) const {
    for (const auto& [pair, neighbours] : found_) {
      const auto& [first, second] = pair;
      const auto whose = neighbours.count == 0 ? std::string()
                         : neighbours.count == 1
                             ? " of " + describe(*neighbours.first->workload)
                             : fmt::format(" of {} workloads", neighbours.count);
      const auto& later = std::tie(first->site.file, first->site.mark.offset) <
                                  std::tie(second->site.file, second->site.mark.offset)
                              ? *second
                              : *first;
      report.add(later.site,
                 fmt::format("plugins `{}` and `{}`{} have the same place ({})", first->name,
                             second->name, whose, neighbours.place),
                 "their names decide the order: give each a priority of its own");
    }
  }

  const Survey& survey_;
  std::map<std::pair<const PluginManifest*, const PluginManifest*>, Neighbours> found_;
};

void check_same_order(const Survey& survey, Report& report) {
  OrderCheck(survey).run(report);
}

constexpr ManifestRule kReachRules[] = {
    {"injection-off", Severity::error, "the pods that a plugin's selector names get a proxy",
     RuleScope::together, check_injection},
    {"selects-nothing", Severity::warning, "a selector matches a workload of the files",
     RuleScope::together, check_selects_nothing},
    {"other-namespace", Severity::error, "a plugin is in the namespace of the pods that it is for",
     RuleScope::together, check_other_namespace},
    {"root-namespace", Severity::warning, "a plugin for the whole mesh says whom it selects",
     RuleScope::together, check_root_namespace},
    {"waypoint-selector", Severity::error, "a waypoint is named by targetRefs", RuleScope::together,
     check_waypoint},
    {"gateway-mode", Severity::error, "a gateway's plugin is not for mode SERVER alone",
     RuleScope::together, check_gateway_mode},
    {"same-name", Severity::error, "no two plugins of a file have one name", RuleScope::together,
     check_same_name},
    {"same-name-nearby", Severity::warning,
     "no two plugins of a directory or kustomization have one name", RuleScope::together,
     check_same_name_nearby},
    {"same-order", Severity::warning, "no two plugins of a proxy have one place in the chain",
     RuleScope::together, check_same_order},
};

}  // namespace

std::span<const ManifestRule> reach_rules() {
  return kReachRules;
}

}  // namespace wasmctl::kube
