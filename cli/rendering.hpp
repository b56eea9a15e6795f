// What `wasmctl render` made, and what its user should type next.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kube/resource_kinds.hpp"
#include "kube/workload.hpp"

namespace wasmctl::cli {

// A strategic-merge patch and what it is for.
struct Patch {
  kube::Workload workload;
  nlohmann::ordered_json content;
};

// Each its own document.
struct Rendering {
  kube::Identity identity;
  std::optional<nlohmann::ordered_json> config_map;
  std::optional<nlohmann::ordered_json> pull_secret;
  nlohmann::ordered_json plugin;
  kube::Consumer consumer = kube::Consumer::istio;
  std::string url;       // of the module
  bool mounted = false;  // the url is a file that a volume of the pod holds
  std::optional<Patch> patch;
};

struct Invocation {
  std::vector<std::string> command_line;  // to be typed again with other flags
  std::string directory;                  // where the files were written; empty: to stdout
};

// The kubectl commands that bring the manifests into a cluster, in the order in which no pod is
// without its module, and one that shows that it works. Several lines, each ended.
std::string next_steps(const Rendering& rendering, const Invocation& invocation);

}  // namespace wasmctl::cli
