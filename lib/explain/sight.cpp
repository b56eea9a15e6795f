#include "explain/sight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "explain/codes/chapters.hpp"

namespace wasmctl::explain {

std::string_view to_string(Producer producer) {
  switch (producer) {
    case Producer::agent:
      return "Istio's agent";
    case Producer::istiod:
      return "istiod";
    case Producer::envoy:
      return "Envoy";
    case Producer::access_log:
      return "Envoy's access log";
    case Producer::admin:
      return "ports of Envoy and the agent";
    case Producer::gateway:
      return "Envoy Gateway";
    case Producer::kubernetes:
      return "Kubernetes";
    case Producer::higress:
      return "Higress";
    case Producer::status:
      return "`wasmctl status`";
  }
  return {};
}

std::string_view to_string(Role role) {
  switch (role) {
    case Role::reason:
    case Role::cause:
      return "a cause";
    case Role::wrapper:
      return "a cause, if the line has no other";
    case Role::consequence:
      return "a consequence";
    case Role::remark:
      return "a remark";
    case Role::sign:
      return "a sign of health";
  }
  return {};
}

std::string to_string(const Edition& edition) {
  const auto& [first, last, text] = edition;
  if (last == 0) return fmt::format("Istio 1.{} and later", first);
  if (first == 0) return fmt::format("Istio 1.{} and older", last);
  if (first == last) return fmt::format("Istio 1.{}", first);
  return fmt::format("Istio 1.{} to 1.{}", first, last);
}

std::string_view to_string(Confidence confidence) {
  switch (confidence) {
    case Confidence::certain:
      return "certain";
    case Confidence::likely:
      return "likely";
    case Confidence::possible:
      return "possible";
  }
  return {};
}

std::span<const Sight> sights() {
  static const auto kSights = [] {
    std::vector<Sight> all;
    for (const auto chapter : {fetch_sights, load_sights, delivery_sights, running_sights,
                               control_sights, kubernetes_sights, status_sights, health_sights}) {
      std::ranges::move(chapter(), std::back_inserter(all));
    }
    return all;
  }();
  return kSights;
}

const Sight* find_sight(std::string_view code) {
  const auto wanted = base::lower(code);
  const auto all = sights();
  const auto found = std::ranges::find_if(
      all, [&](const Sight& sight) { return base::lower(sight.code) == wanted; });
  return found == all.end() ? nullptr : &*found;
}

std::span<const Symptom> symptoms() {
  static constexpr Symptom kSymptoms[] = {
      {"`kubectl apply` is refused, or the resource's status says that it is not accepted",
       "`kubectl apply -f FILE 2>&1 | wasmctl explain`, `kubectl get KIND NAME -o yaml | wasmctl "
       "explain`",
       kNotAccepted},
      {"The pod does not start, or the module's file is not in the proxy",
       "`kubectl describe pod POD | wasmctl explain`", kNotMounted},
      {"Nothing happens: no proxy has the plugin",
       "`kubectl logs -n istio-system deploy/istiod | wasmctl explain`, `istioctl proxy-config "
       "ecds POD -o json | wasmctl explain`",
       kNotDelivered | kNoSecret},
      {"Requests are answered 403, or pass as if there were no plugin",
       "`kubectl logs POD -c istio-proxy | wasmctl explain`, from the proxy's start on",
       kNotFetched},
      {"Envoy refuses the filter or does not start, or requests are answered 500",
       "`kubectl logs POD -c istio-proxy | wasmctl explain`, from the proxy's start on",
       kNotLoaded | kNoRemote},
      {"It worked, and now requests are answered 503",
       "`kubectl logs POD -c istio-proxy | wasmctl explain --module DIR`", kDead},
  };
  return kSymptoms;
}

bool explains(const Sight& sight, const Symptom& symptom) {
  if (sight.role == Role::sign || sight.role == Role::consequence) return false;
  // What stops in a request may stop at the start, too, which is told of there.
  const bool is_dead = (sight.leads & kDead) != 0 && (symptom.chain & kDead) == 0;
  return !is_dead && (sight.leads & symptom.chain) != 0;
}

std::span<const VersionMark> version_marks() {
  // Names of resources: istio, pilot/pkg/model/extensions.go of each release.
  static constexpr VersionMark kMarks[] = {
      {"istio/proxyv2:<version>"},
      {"istio/pilot:<version>"},
      {"istio/distroless/proxyv2:<version>"},
      {"ISTIO_VERSION\": \"<version>"},
      {"ISTIO_VERSION: <version>"},
      {"istio_build{<...>tag=\"<version>\""},
      {"Version <version>-Clean"},
      {"extenstions.istio.io/wasmplugin/", 21, 25},
      {"extensions.istio.io/wasmplugin/", 26, 29},
      {"extensions.istio.io/trafficextension/", 30, 0},
  };
  return kMarks;
}

}  // namespace wasmctl::explain
