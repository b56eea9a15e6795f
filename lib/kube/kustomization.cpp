#include "kube/kustomization.hpp"

#include <nlohmann/json.hpp>

namespace wasmctl::kube {

using nlohmann::ordered_json;

ordered_json kustomization(const std::vector<std::string>& resources,
                           const std::optional<WorkloadPatch>& patch) {
  ordered_json object = {{"apiVersion", "kustomize.config.k8s.io/v1alpha1"},
                         {"kind", "Component"},
                         {"resources", resources}};
  if (patch) {
    object["patches"] = ordered_json::array(
        {{{"path", patch->file},
          {"target", {{"kind", patch->workload.kind->kind}, {"name", patch->workload.name}}}}});
  }
  return object;
}

ordered_json with_identity(const Workload& workload, const ordered_json& patch) {
  ordered_json object = {{"apiVersion", workload.kind->api_version},
                         {"kind", workload.kind->kind},
                         {"metadata", {{"name", workload.name}}}};
  object.update(patch);
  return object;
}

}  // namespace wasmctl::kube
