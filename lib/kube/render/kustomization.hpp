// A directory that `kubectl apply -k` takes, and that a kustomization of one's own can list.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kube/workload.hpp"

namespace wasmctl::kube {

struct WorkloadPatch {
  Workload workload;
  std::string file;               // beside kustomization.yaml
  std::optional<std::string> ns;  // of the workload; none: whichever has that name
};

// A Component, since only a component's patches reach the resources of the kustomization that lists
// it; built by itself it gives its own resources. The patch names its target apart: without that,
// kustomize refuses to build where the workload is not among the resources.
nlohmann::ordered_json kustomization(const std::vector<std::string>& resources,
                                     const std::optional<WorkloadPatch>& patch);

// kustomize wants to know what a patch is of, and takes the whole identity from the file.
nlohmann::ordered_json with_identity(const Workload& workload, const nlohmann::ordered_json& patch);

}  // namespace wasmctl::kube
