// Whether Istio's injector gives a pod its proxy, and by which of its templates: read from what a
// pod template and its namespace say.
// Sources: istio pkg/kube/inject/inject.go (injectRequired), the selectors of the webhooks
// (manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml), and
// https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::kube {

using Labels = std::map<std::string, std::string>;

inline constexpr char kInjectKey[] = "sidecar.istio.io/inject";  // a label, or an annotation
inline constexpr char kTemplatesAnnotation[] = "inject.istio.io/templates";

// What the injector reads of a pod template.
struct PodTraits {
  const Labels& labels;
  std::string_view inject_annotation = {};     // the value of kInjectKey; empty: there is none
  std::string_view templates_annotation = {};  // of kTemplatesAnnotation, likewise
  bool host_network = false;
  bool own_proxy = false;  // its container istio-proxy has an image of its own, which stays
};

// Why the injector leaves the pods alone ("sidecar.istio.io/inject is false"), or nothing. `ns` is
// empty, `ns_labels` null where that is not known.
std::optional<std::string> why_not_injected(const PodTraits& pod, std::string_view ns,
                                            const Labels* ns_labels);

// A gateway: its proxy is made by a template that knows no annotations for volumes.
bool is_gateway(const PodTraits& pod);

}  // namespace wasmctl::kube
