// An inventory with its questions answered: who selects whom, what the proxy of a pod mounts, which
// pods get a proxy at all. The rules of check ask it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/check/inventory.hpp"

namespace wasmctl::kube {

inline constexpr std::string_view kRootNamespace = "istio-system";  // of the mesh
inline constexpr std::string_view kRootNamespaceRule = "root-namespace";

class Survey {
 public:
  // Both must outlive it. `before`: the manifests as they were, for what only a change shows; may
  // be null.
  Survey(const Inventory& inventory, const Inventory* before);

  const Inventory& inventory() const { return inventory_; }
  const Inventory* before() const { return before_; }

  // Workloads whose pods the plugin is for, as far as labels and namespaces say.
  std::vector<const WorkloadManifest*> selected(const PluginManifest& plugin) const;
  // The plugins that select a workload, in the order of the files; by index of the workload.
  const std::vector<std::vector<const PluginManifest*>>& plugins_of() const { return plugins_of_; }

  const ConfigMapManifest* find_config_map(std::string_view ns, std::string_view name) const;
  const NamespaceManifest* find_namespace(std::string_view name) const;

 private:
  const Inventory& inventory_;
  const Inventory* before_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_label_;     // "ns/key=value"
  std::unordered_map<std::string, const ConfigMapManifest*> config_maps_;  // "ns/name"
  std::vector<std::vector<const PluginManifest*>> plugins_of_;
};

// "deployment/web", for messages.
std::string describe(const WorkloadManifest& workload);

// Do all of the selector's labels stand there?
bool matches(const std::map<std::string, std::string>& selector,
             const std::map<std::string, std::string>& labels);

// The module's path in the container, of a file:// url with an absolute path; else empty.
std::string module_file(const PluginManifest& plugin);

// The reference of an image's url, without `oci://`; of another url empty.
std::string image_of(const std::string& url);

// A mount at `path` makes `file` visible.
bool covers(const std::string& path, const std::string& file);

// An annotation that mounts: objects by volume name; of a list by the items' names, or else their
// places. Nothing if it is absent, or no such JSON.
std::optional<nlohmann::json> read_annotation(const WorkloadManifest& workload,
                                              std::string_view key);

// Mounts of the proxy, and volumes of the pod, be they written there or injected by annotation.
std::vector<MountManifest> proxy_mounts(const WorkloadManifest& workload);
std::vector<VolumeManifest> all_volumes(const WorkloadManifest& workload);

// The container istio-proxy, or null.
const ContainerManifest* find_proxy(const WorkloadManifest& workload);
// It has an image of its own: a gateway's from before injection, or a mistake.
bool has_own_proxy(const WorkloadManifest& workload);
bool is_gateway(const WorkloadManifest& workload);

// Why the injector leaves the pods alone ("sidecar.istio.io/inject is false"), or nothing.
std::optional<std::string> why_not_injected(const Survey& survey, const WorkloadManifest& workload);

}  // namespace wasmctl::kube
