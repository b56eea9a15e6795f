#include "cluster/selection.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "kube/check/survey.hpp"
#include "kube/gateway_labels.hpp"

namespace wasmctl::cluster {

namespace {

// Istio's and the Gateway API's labels on the pods of gateways.
constexpr char kGatewayClass[] = "gateway.networking.k8s.io/gateway-class-name";
constexpr char kWaypointNamespace[] = "istio.io/use-waypoint-namespace";

nlohmann::json asked(const Kubectl& kubectl, const Arguments& question) {
  const auto answer = kubectl.ask(question);
  if (!answer.is_ok()) return nullptr;
  auto object = nlohmann::json::parse(answer.out, nullptr, false);
  return object.is_object() ? std::move(object) : nlohmann::json();
}

std::string label_of(const nlohmann::json& object, const char* label) {
  if (!object.is_object()) return {};
  const auto at = nlohmann::json::json_pointer("/metadata/labels");
  if (!object.contains(at) || !object[at].is_object()) return {};
  const auto found = object[at].find(label);
  return found != object[at].end() && found->is_string() ? found->get<std::string>() : "";
}

// A Service's own label comes before its namespace's.
// Source: https://istio.io/latest/docs/ambient/usage/waypoint/
Query waypoint_of(const Kubectl& kubectl, const Plugin& plugin, const Target& target) {
  const auto is_entry = target.kind == "ServiceEntry";
  auto object = asked(kubectl, {"get", is_entry ? "serviceentries.networking.istio.io" : "services",
                                target.name, "-n", plugin.ns, "-o", "json"});
  if (label_of(object, kube::kUseWaypoint).empty()) {
    object = asked(kubectl, {"get", "namespaces", plugin.ns, "-o", "json"});
  }
  const auto waypoint = label_of(object, kube::kUseWaypoint);
  const auto ns = label_of(object, kWaypointNamespace);
  // A name that no label can have selects nobody.
  return {ns.empty() ? plugin.ns : ns,
          fmt::format("{}={}", kube::kGatewayName, waypoint.empty() ? "none" : waypoint),
          fmt::format("{}/{}", target.kind, target.name)};
}

// The Gateways that a route of the Gateway API is attached to.
std::vector<Query> gateways_of_route(const Kubectl& kubectl, const Plugin& plugin,
                                     const Target& target) {
  std::vector<Query> queries;
  const auto resource = (target.kind == "GRPCRoute" ? "grpcroutes" : "httproutes") +
                        std::string(".gateway.networking.k8s.io");
  const auto route = asked(kubectl, {"get", resource, target.name, "-n", plugin.ns, "-o", "json"});
  const auto at = nlohmann::json::json_pointer("/spec/parentRefs");
  if (!route.is_object() || !route.contains(at) || !route[at].is_array()) return queries;
  for (const auto& parent : route[at]) {
    if (!parent.is_object()) continue;
    const auto name = parent.value("name", nlohmann::json());
    const auto ns = parent.value("namespace", nlohmann::json(plugin.ns));
    if (!name.is_string() || !ns.is_string()) continue;
    queries.push_back({"",
                       fmt::format("{}={},{}={}", kube::kOwningGatewayName, name.get<std::string>(),
                                   kube::kOwningGatewayNamespace, ns.get<std::string>()),
                       fmt::format("{}/{}", target.kind, target.name)});
  }
  return queries;
}

std::vector<Query> queries_of_target(const Kubectl& kubectl, const Plugin& plugin,
                                     const Target& target) {
  const auto name = fmt::format("{}/{}", target.kind, target.name);
  if (plugin.kind == PluginKind::extension_policy) {
    if (target.kind != "Gateway") return gateways_of_route(kubectl, plugin, target);
    return {{"",
             fmt::format("{}={},{}={}", kube::kOwningGatewayName, target.name,
                         kube::kOwningGatewayNamespace, plugin.ns),
             name}};
  }
  if (target.kind == "Gateway") {
    return {{plugin.ns, fmt::format("{}={}", kube::kGatewayName, target.name), name}};
  }
  if (target.kind == "GatewayClass") {
    return {{"", fmt::format("{}={}", kGatewayClass, target.name), name}};
  }
  return {waypoint_of(kubectl, plugin, target)};
}

}  // namespace

std::vector<Query> queries_of(const Kubectl& kubectl, const Plugin& plugin) {
  if (plugin.targets.empty()) {
    const bool is_root = plugin.ns == kube::kRootNamespace;
    return {{is_root ? "" : plugin.ns, to_selector(plugin.selector), ""}};
  }
  std::vector<Query> queries;
  for (const auto& target : plugin.targets) {
    for (auto& query : queries_of_target(kubectl, plugin, target)) {
      queries.push_back(std::move(query));
    }
  }
  return queries;
}

Arguments pods_question(const Query& query) {
  Arguments question = {"get", "pods", "-o", "json"};
  if (query.ns.empty()) {
    question.emplace_back("--all-namespaces");
  } else {
    question.insert(question.end(), {"-n", query.ns});
  }
  if (!query.labels.empty()) question.insert(question.end(), {"-l", query.labels});
  return question;
}

Selection select_pods(const Kubectl& kubectl, const std::set<Query>& queries) {
  Selection selection;
  std::vector<Arguments> questions;
  questions.reserve(queries.size());
  for (const auto& query : queries) questions.push_back(pods_question(query));
  const auto answers = kubectl.ask_all(questions);
  std::size_t next = 0;
  for (const auto& query : queries) {
    const auto i = next++;
    if (!answers[i].is_ok()) {
      selection.refusals.push_back({questions[i], answers[i]});
      continue;
    }
    auto& found = selection.found[query];
    for (auto& pod : read_pods(answers[i].out)) {
      if (query.target.empty() && !heeds_selectors(pod)) continue;
      auto key = key_of(pod);
      found.push_back(&selection.pods.try_emplace(std::move(key), std::move(pod)).first->second);
    }
  }
  return selection;
}

bool heeds_selectors(const Pod& pod) {
  const auto found = pod.labels.find(kGatewayClass);
  return found == pod.labels.end() || found->second != kube::kWaypointClass;
}

std::string to_selector(const Labels& labels) {
  std::string selector;
  for (const auto& [key, value] : labels) {
    selector += fmt::format("{}{}={}", selector.empty() ? "" : ",", key, value);
  }
  return selector;
}

}  // namespace wasmctl::cluster
