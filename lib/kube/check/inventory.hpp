// What manifests say, so far as it matters to a plugin: who is there, where it was written. A
// workload of thousands keeps a few strings, not its tree.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/place.hpp"
#include "kube/workload.hpp"
#include "yaml/node.hpp"

namespace wasmctl::kube {

struct Site {
  std::size_t file = 0;  // index into Inventory::files
  yaml::Mark mark;
};

struct Object {
  Site site;  // of metadata.name, or of the document
  std::string ns;
  bool ns_assumed = false;  // none is written
  std::string name;
};

struct PluginManifest : Object {
  std::string kind;                    // "WasmPlugin", "TrafficExtension", "EnvoyExtensionPolicy"
  yaml::Node spec;                     // of a policy: an item of its list
  std::vector<yaml::Node> stray_keys;  // beside apiVersion, kind, metadata, spec and status
  std::string url;
  std::map<std::string, std::string> selector;
  bool has_selector = false;
  bool has_targets = false;

  // A field of the module, by WasmPlugin's name for it, wherever the kind has it; null if it is not
  // there.
  const yaml::Node* module_field(std::string_view key) const;
};

struct PolicyManifest : Object {  // of Envoy Gateway
  yaml::Node spec;
  std::vector<yaml::Node> stray_keys;
};

struct VolumeManifest {
  std::string name;
  std::string config_map;  // its name; empty: made of something else
  std::string image;       // its reference; likewise
  std::optional<std::map<std::string, std::string>> items;  // path -> key; none: each by its key
  Site site;
};

struct MountManifest {
  std::string container;
  std::string volume;
  std::string path;
  std::string sub_path;
  Site site;
};

struct ContainerManifest {
  std::string name;
  std::optional<std::string> image;
  Site site;
};

struct WorkloadManifest : Object {
  const WorkloadKind* kind = nullptr;
  std::map<std::string, std::string> labels;      // of the pods
  std::map<std::string, yaml::Node> annotations;  // of the pods: those of Istio
  std::map<std::string, Site> own_annotations;    // of the object itself: those of Istio
  std::vector<ContainerManifest> containers;      // init containers too
  std::vector<MountManifest> mounts;
  std::vector<VolumeManifest> volumes;
  bool host_network = false;
};

struct ConfigMapManifest : Object {
  std::map<std::string, std::size_t> keys;  // decoded sizes, bytes
  std::vector<std::pair<std::string, Site>>
      text_modules;  // keys under `data` with a module in base64
};

struct SecretManifest : Object {
  std::string type;
  std::vector<std::string> registries;  // of .dockerconfigjson
};

struct NamespaceManifest : Object {
  std::map<std::string, std::string> labels;
};

struct GatewayManifest : Object {  // of the Gateway API
  std::string gateway_class;
};

// What could not be read, or belongs to Istio's extensions and is none.
struct Oddity {
  Site site;
  std::string text;
};

// What the module does, so far as its imports and exports tell; of --module.
struct ModuleFacts {
  std::string plugin = {};  // its name, where that is known: of several plugins it is this one's
  bool observes = false;    // calls nothing that changes, answers or ends a request
  bool http = true;         // has callbacks of HTTP streams
  bool network = true;      // has callbacks of TCP connections
};

struct Inventory {
  std::vector<std::string> files;
  std::vector<Oddity> unreadable;     // the message of its error
  std::vector<Oddity> unknown_kinds;  // "extensions.istio.io/v1 WasmPlugin"
  std::vector<NamespaceManifest> namespaces;
  std::vector<GatewayManifest> gateways;
  std::vector<std::string> patch_files;  // that a kustomization lists, as paths
  std::optional<ModuleFacts> module;
  std::vector<PluginManifest> plugins;         // Istio's
  std::vector<PolicyManifest> policies;        // Envoy Gateway's
  std::vector<PluginManifest> policy_plugins;  // the modules of all of them
  std::vector<WorkloadManifest> workloads;
  std::vector<ConfigMapManifest> config_maps;
  std::vector<SecretManifest> secrets;
};

// The plugins of all kinds, for what is the same to Istio and Envoy Gateway.
std::vector<const PluginManifest*> all_plugins(const Inventory& inventory);

// "Istio", "Envoy Gateway": who fetches the plugin's module.
std::string_view consumer_of(const PluginManifest& plugin);

// Adds the documents of a file; kinds that do not matter are passed over, and Lists opened.
// `default_ns` is where objects without a namespace go. What is no YAML becomes an Oddity, and what
// stands before it counts.
void read_manifests(Inventory& inventory, std::string_view text, const std::string& file,
                    const std::string& default_ns);

// Of a node in the file of `object`.
inline Site site_of(const Object& object, const yaml::Node& node) {
  return {object.site.file, node.start};
}

// For a finding.
Place place_of(const Inventory& inventory, const Site& site);

// When all is read: workloads of the patch files go into those that they patch.
void merge_patches(Inventory& inventory);

}  // namespace wasmctl::kube
