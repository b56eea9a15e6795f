// An inventory with its questions answered, each once: who selects whom, what the proxy of a pod
// mounts, which pods get a proxy at all. The rules of check ask it.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/check/inventory.hpp"

namespace wasmctl::kube {

inline constexpr std::string_view kRootNamespace = "istio-system";    // of the mesh
inline constexpr std::string_view kWaypointClass = "istio-waypoint";  // of a Gateway

// The pods of a workload, as they run: what the injector adds is there.
struct Pods {
  const WorkloadManifest* workload = nullptr;
  // Istio's annotations that mount: objects by volume name; null if absent, or no such JSON.
  std::shared_ptr<const nlohmann::json> volume_annotation;
  std::shared_ptr<const nlohmann::json> mount_annotation;
  std::vector<MountManifest> annotated_mounts;
  std::vector<VolumeManifest> annotated_volumes;
  std::vector<const MountManifest*> mounts;    // of the proxy, written there or by annotation
  std::vector<const VolumeManifest*> volumes;  // of the pod, likewise; the annotated ones last
  const ContainerManifest* proxy = nullptr;    // the container istio-proxy
  bool injected = false;    // these are pods of a cluster, as the injector has left them
  bool own_proxy = false;   // it has an image of its own: made by hand, or injected
  bool is_gateway = false;  // whoever made them
  std::string proxy_image;  // what runs in place of Istio's own image; empty: that runs
  // Why the injector leaves them alone ("sidecar.istio.io/inject is false"), or nothing.
  std::optional<std::string> why_not_injected;

  bool has_proxy() const { return own_proxy || !why_not_injected; }
};

// What is the same to all plugins that say it in the same words.
struct Selection {
  std::vector<const PluginManifest*> plugins;  // in the order of the files
  std::vector<const Pods*> pods;        // whose labels and namespace fit; in the order of the files
  std::vector<const Pods*> with_proxy;  // of these
};

// A file that plugins look for in the same pods.
struct ModuleFile {
  std::string file;
  const Selection* selection = nullptr;
  std::vector<const PluginManifest*> plugins;  // in the order of the files
};

class Survey {
 public:
  // Both must outlive it. `before`: the manifests as they were, for what only a change shows; may
  // be null.
  Survey(const Inventory& inventory, const Inventory* before);
  Survey(const Survey&) = delete;
  Survey& operator=(const Survey&) = delete;

  const Inventory& inventory() const { return inventory_; }
  const Inventory* before() const { return before_; }

  const std::vector<const PluginManifest*>& plugins() const { return plugins_; }  // of every kind
  // WasmPlugins and TrafficExtensions.
  const std::vector<const PluginManifest*>& istio_plugins() const { return istio_plugins_; }
  // Those that reach pods by labels and namespace: the former, EnvoyFilters, and a Higress plugin
  // with a selector.
  const std::vector<const PluginManifest*>& mesh_plugins() const { return mesh_plugins_; }

  const std::vector<Pods>& pods() const { return pods_; }  // by index of the workload
  const std::vector<Selection>& selections() const { return selections_; }
  // Null for a plugin that names targets, is none of mesh_plugins(), or may be changed on its way.
  const Selection* find_selection(const PluginManifest& plugin) const;
  // Of the plugins with a find_selection() and a module_file(); in the order of their first ones.
  const std::vector<ModuleFile>& module_files() const { return module_files_; }
  // Of the pods that a plugin with a module_file() selects, those in whose proxy nothing is mounted
  // that could be it.
  const std::vector<const Pods*>& without_module(const PluginManifest& plugin) const;
  // What the proxy that loads the plugin mounts there: Istio's, or any container where the proxy
  // has another name.
  std::vector<const MountManifest*> proxy_mounts(const PluginManifest& plugin,
                                                 const Pods& pods) const;
  // Whether a plugin that is known to run there selects the pods.
  bool is_selected(const Pods& pods) const;

  // The nearest in the tree of files, if there are several.
  const ConfigMapManifest* find_config_map(const WorkloadManifest& workload,
                                           std::string_view name) const;
  const NamespaceManifest* find_namespace(std::string_view name) const;
  const TargetManifest* find_target(std::string_view kind, std::string_view ns,
                                    std::string_view name) const;

  // A kustomization may change it in ways that are not followed.
  bool is_mended(const Object& object) const { return inventory_.mended[object.site.file]; }
  // Nothing of the files is.
  bool is_whole() const { return is_whole_; }

 private:
  void sort_plugins();
  void make_pods(const WorkloadManifest& workload);
  void select();
  void find_modules();
  Selection selection_of(const PluginManifest& plugin) const;
  std::string key_of(const PluginManifest& plugin) const;
  bool is_nearest(const PluginManifest& plugin, const WorkloadManifest& workload) const;

  const Inventory& inventory_;
  const Inventory* before_;
  bool is_whole_;
  std::vector<const PluginManifest*> plugins_;
  std::vector<const PluginManifest*> istio_plugins_;
  std::vector<const PluginManifest*> mesh_plugins_;
  std::vector<Pods> pods_;
  std::vector<Selection> selections_;
  std::unordered_map<const PluginManifest*, std::size_t> selection_of_;
  std::vector<ModuleFile> module_files_;
  std::map<std::pair<std::size_t, std::string>, std::vector<const Pods*>> without_module_;
  std::vector<bool> is_selected_;                                       // by workload
  std::unordered_map<std::string, std::vector<std::size_t>> by_label_;  // "ns/key=value"
  // Workloads of one kind, namespace and name that are in several files; the others are in none.
  std::map<std::string, std::vector<const WorkloadManifest*>> copies_;
  std::unordered_map<std::string, std::vector<const ConfigMapManifest*>> config_maps_;  // "ns/name"
  std::unordered_map<std::string, const NamespaceManifest*> namespaces_;
  std::unordered_map<std::string, const TargetManifest*> targets_;  // "kind/ns/name"
};

// Do all of the selector's labels stand there?
bool matches(const std::map<std::string, std::string>& selector,
             const std::map<std::string, std::string>& labels);

// The module's path in the container, of a file:// url with an absolute path; else empty.
std::string module_file(const PluginManifest& plugin);

// The reference of an image's url, without `oci://`; of another url empty.
std::string image_of(const std::string& url);

// A mount at `path` makes `file` visible.
bool covers(const std::string& path, const std::string& file);

// A member of an object, as Go's decoder finds it: of this name, or else of the same name in other
// capitals. Null if there is none.
const nlohmann::json* member_of(const nlohmann::json& object, std::string_view name);

}  // namespace wasmctl::kube
