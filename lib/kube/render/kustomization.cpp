#include "kube/render/kustomization.hpp"

#include <nlohmann/json.hpp>

namespace wasmctl::kube {

using nlohmann::ordered_json;

namespace {

// A regular expression. What names no namespace is in `default` to kustomize until the
// kustomization that lists the component has given it its own.
std::string namespace_pattern(const std::string& ns) {
  return ns == "default" ? ns : ns + "|default";
}

}  // namespace

ordered_json kustomization(const std::vector<std::string>& resources,
                           const std::optional<WorkloadPatch>& patch) {
  ordered_json object = {{"apiVersion", "kustomize.config.k8s.io/v1alpha1"},
                         {"kind", "Component"},
                         {"resources", resources}};
  if (patch) {
    ordered_json target = {{"kind", patch->workload.kind->kind}, {"name", patch->workload.name}};
    if (patch->ns) target["namespace"] = namespace_pattern(*patch->ns);
    object["patches"] =
        ordered_json::array({{{"path", patch->file}, {"target", std::move(target)}}});
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
