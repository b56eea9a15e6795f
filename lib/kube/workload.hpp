// Workloads: what makes the pods that a module is mounted into.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/node.hpp"

namespace wasmctl::kube {

// What becomes of the pods when the template of a workload is patched.
enum class Rollout : std::uint8_t {
  rolls,     // they are replaced; `kubectl rollout status` waits for it
  next_run,  // only later ones have it
  watched,   // they are replaced by a controller that `kubectl rollout` does not know
  frozen,    // the API server refuses the patch: to be deleted and made anew
};

// What `kubectl patch` can do with it: of kinds that a custom resource defines it knows no fields,
// so it has no strategic merge for them (Kubernetes, "Update API Objects in Place Using kubectl
// patch").
enum class Patching : std::uint8_t { strategic, json };

struct WorkloadKind {
  std::string_view kind;                       // "Deployment"
  std::string_view api_version;                // "apps/v1"
  std::string_view command;                    // "deployment": as kubectl prints it
  std::span<const std::string_view> aliases;   // as kubectl takes them
  std::span<const std::string_view> pod_path;  // the fields that lead to the pod template
  Rollout rollout;
  Patching patching = Patching::strategic;
};

// What an object in a file is, by its apiVersion and kind; null for another kind.
const WorkloadKind* workload_kind(const yaml::Node& object);
// Its pod template: the mapping that has the pods' metadata and spec; null if it has none.
const yaml::Node* find_pod_template(const yaml::Node& object, const WorkloadKind& kind);

// A document is an object, or a List of some, of which Kubernetes opens one level.
std::vector<const yaml::Node*> objects_of(const yaml::Node& document);

struct Workload {
  const WorkloadKind* kind = nullptr;
  std::string name;
};

// `KIND[.GROUP]/NAME`, with the kinds and short forms of kubectl. Throws Error{Code::usage}, with
// the nearest kind.
Workload parse_workload(std::string_view text);

// "deployment/productpage-v1", for kubectl's command line.
std::string to_string(const Workload& workload);

// "a, b, c", of very many the first twenty: "..., and 9980 more".
std::string listed(const std::vector<std::string>& names);

}  // namespace wasmctl::kube
