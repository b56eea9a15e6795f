#include "kube/injection.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "kube/gateway_labels.hpp"

namespace wasmctl::kube {

namespace {

// Istio's IgnoredNamespaces: nobody is injected there.
constexpr std::string_view kIgnoredNamespaces[] = {"kube-system", "kube-public", "kube-node-lease",
                                                   "local-path-storage"};
constexpr char kRevision[] = "istio.io/rev";

std::string_view value_of(const Labels& labels, const char* key) {
  const auto found = labels.find(key);
  return found == labels.end() ? std::string_view() : found->second;
}

std::optional<std::string> why_namespace_not(const PodTraits& pod, std::string_view ns,
                                             const Labels& labels) {
  // Stands above all that the pod says: no webhook looks into a namespace that has it otherwise.
  if (const auto injection = labels.find("istio-injection"); injection != labels.end()) {
    if (injection->second == "enabled") return std::nullopt;
    return fmt::format("namespace {} has istio-injection: {}", ns, injection->second);
  }
  // An annotation asks nobody: webhooks select by labels.
  const bool asks = value_of(pod.labels, kInjectKey) == "true" || pod.labels.contains(kRevision);
  if (asks || labels.contains(kRevision)) return std::nullopt;
  if (value_of(labels, "istio.io/dataplane-mode") == "ambient") {
    return fmt::format("namespace {} is ambient: its pods have no proxy of their own", ns);
  }
  return fmt::format("namespace {} has neither istio-injection: enabled nor {}", ns, kRevision);
}

// What the injector takes for a yes; any other word but none at all is a no.
bool is_yes(std::string_view word) {
  constexpr std::string_view kYes[] = {"true", "yes", "y", "on"};
  return std::ranges::find(kYes, base::lower(word)) != std::end(kYes);
}

// Whether the list of templates, separated by commas, makes a gateway and no sidecar.
bool names_gateway(std::string_view templates) {
  bool gateway = false;
  while (!templates.empty()) {
    const auto comma = std::min(templates.find(','), templates.size());
    auto name = templates.substr(0, comma);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    if (name == "sidecar") return false;
    gateway = gateway || name.ends_with("gateway");  // gateway, kube-gateway, and one's own
    templates.remove_prefix(std::min(comma + 1, templates.size()));
  }
  return gateway;
}

}  // namespace

std::optional<std::string> why_not_injected(const PodTraits& pod, std::string_view ns,
                                            const Labels* ns_labels) {
  if (pod.host_network) return "hostNetwork is true";
  if (std::ranges::find(kIgnoredNamespaces, ns) != std::end(kIgnoredNamespaces)) {
    return fmt::format("the injector passes over namespace {}", ns);
  }
  // The label takes precedence over the annotation, even when it is empty.
  const auto label = pod.labels.find(kInjectKey);
  const auto said = label == pod.labels.end() ? pod.inject_annotation : label->second;
  if (!said.empty() && !is_yes(said)) return fmt::format("{} is {}", kInjectKey, said);
  return ns_labels == nullptr ? std::nullopt : why_namespace_not(pod, ns, *ns_labels);
}

bool are_gateway_labels(const Labels& labels) {
  const auto role = value_of(labels, "istio");
  return role == "ingressgateway" || role == "egressgateway" || labels.contains(kGatewayName);
}

// By its template; by the label of the pods that Istio makes for a Gateway; or, before injection,
// by the label of Istio's charts. That label alone makes no gateway: the template is the sidecar's.
bool is_gateway(const PodTraits& pod) {
  if (names_gateway(pod.templates_annotation)) return true;
  return pod.labels.contains(kGatewayName) || (pod.own_proxy && are_gateway_labels(pod.labels));
}

}  // namespace wasmctl::kube
