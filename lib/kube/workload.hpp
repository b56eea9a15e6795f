// Workloads: what makes the pods that a module is mounted into.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

std::span<const WorkloadKind> workload_kinds();

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
