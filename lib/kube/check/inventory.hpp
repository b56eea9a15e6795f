// What manifests say, so far as it matters to a plugin: who is there, where it was written. A
// workload of thousands keeps a few strings, not its tree.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/content.hpp"
#include "base/place.hpp"
#include "kube/check/plugin_kinds.hpp"
#include "wasm/host_range.hpp"
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

// The pods that the configPatches of an EnvoyFilter are for.
enum class FilterContext : std::uint8_t { any, sidecars, gateways };

struct PluginManifest : Object {
  const PluginKind* kind = nullptr;  // never null
  yaml::Node spec;  // of a policy an item of its list, of an EnvoyFilter the message of a filter
  std::vector<yaml::Node> stray_keys;  // beside apiVersion, kind, metadata, spec and status
  std::string url;  // a policy's image with `oci://`, a filter's file with `file://`
  std::map<std::string, std::string> selector;
  bool has_targets = false;
  FilterContext context = FilterContext::any;
  bool is_merged = false;  // of an EnvoyFilter: it changes a filter that is there, and is a part

  const yaml::Node* module_field(std::string_view key) const;
};

// "plugin `a`", "EnvoyFilter `a`": for messages.
std::string describe(const PluginManifest& plugin);

struct PolicyManifest : Object {  // of Envoy Gateway
  yaml::Node spec;
  std::vector<yaml::Node> stray_keys;
};

// An EnvoyFilter that has to do with Wasm.
struct FilterManifest : Object {
  yaml::Node spec;
};

// `metadata` of what is judged whole: plugins, policies, EnvoyFilters, ConfigMaps.
struct MetadataManifest {
  Site site;  // of the document
  std::string_view kind;
  yaml::Node node;  // an empty scalar if there is none
};

struct VolumeManifest {
  std::string name;
  std::string config_map;  // its name; empty: made of something else
  std::string image;       // its reference; likewise
  std::optional<std::map<std::string, std::string>> items;  // path -> key; none: each by its key
  Site site;
  bool optional = false;                  // the pod starts without it
  std::vector<std::string> sources = {};  // "configMap", "emptyDir"; one in all that is right
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
  std::string kind;                               // "Deployment", "Rollout"
  std::map<std::string, std::string> labels;      // of the pods
  std::map<std::string, yaml::Node> annotations;  // of the pods: those of Istio
  std::map<std::string, Site> own_annotations;    // of the object itself: those of Istio
  std::vector<ContainerManifest> containers;      // init containers too
  std::vector<MountManifest> mounts;
  std::vector<VolumeManifest> volumes;
  bool host_network = false;
};

// "deployment/web", for messages.
std::string describe(const WorkloadManifest& workload);

// A value of a ConfigMap.
struct ConfigMapValue {
  Site site;             // of its key
  std::size_t size = 0;  // decoded, bytes
  bool is_text = false;  // under `data`
  bool is_string = true;
  bool is_twice = false;     // under `data` and under `binaryData`
  bool is_base64 = true;     // under `binaryData`, what is there can be decoded
  base::Content bytes = {};  // under `binaryData`, decoded
};

struct ConfigMapManifest : Object {
  std::map<std::string, ConfigMapValue> values;
  std::vector<std::pair<std::string, Site>>
      text_modules;           // keys under `data` with a module in base64
  std::size_t json_size = 0;  // of the object as compact JSON, bytes; 0: far below any limit
  bool of_cluster = false;    // it has what the API server writes: it is there already
};

struct SecretManifest : Object {
  std::string type;
  std::set<std::string> keys;           // of `data` and `stringData`
  std::vector<std::string> registries;  // of .dockerconfigjson
};

// Of the Gateway API: what some namespaces may name in this one.
struct GrantManifest : Object {
  struct From {
    std::string kind;
    std::string ns;
  };
  struct To {
    std::string kind;
    std::string name;  // empty: all
  };
  std::vector<From> from;
  std::vector<To> to;
};

struct NamespaceManifest : Object {
  std::map<std::string, std::string> labels;
};

// What targetRefs may name: of the Gateway API, Services, ServiceEntries.
struct TargetManifest : Object {
  std::string kind;           // "Gateway", "HTTPRoute", "Service", kIstioGateway
  std::string gateway_class;  // of a Gateway its class, of a GatewayClass its controller
  std::string host;           // of a Gateway that its owner deploys: the Service that it names
  std::string waypoint;       // the label istio.io/use-waypoint; empty if there is none
  std::map<std::string, std::string> labels;
  std::vector<std::string> sections;  // names: a Gateway's listeners, a route's rules
};

// Istio's own Gateway, of another group than the one that targetRefs name.
inline constexpr std::string_view kIstioGateway = "networking.istio.io/Gateway";

// A kustomization, so far as it is followed: the files that it names, and patches by path.
struct Kustomization {
  Site site;
  bool is_component = false;
  std::vector<std::string> resources;  // files and directories, as paths
  std::vector<std::string> components;
  std::vector<std::string> patches;  // files
  std::vector<std::string> beyond;   // fields that change more than is followed here
  std::vector<std::size_t> reached;  // the files that it brings together; of apply_kustomizations()
};

// What could not be read.
struct Unreadable {
  Site site;
  std::string text;
  bool is_template = false;  // of Helm, or of another tool that writes `{{`
};

// Of a group or name of ours, and none of its kinds.
struct UnknownKind {
  Site site;
  std::string api_version;
  std::string kind;
  const PluginKind* meant;
};

// What the module does, so far as its imports and exports tell; of --module.
struct ModuleFacts {
  std::string plugin = {};  // its name, where that is known: of several plugins it is this one's
  bool observes = false;    // calls nothing that changes, answers or ends a request
  bool http = true;         // has callbacks of HTTP streams
  bool network = true;      // has callbacks of TCP connections
  std::string hash = {};    // as config_map_name() writes it
  std::vector<wasm::HostRange> hosts = {};  // that the plugin is meant for; none: any
};

struct Inventory {
  std::vector<std::string> files;
  std::vector<bool> mended;        // by file: a kustomization changes it, how is not followed
  std::vector<std::string> notes;  // what was left out, and what to do about it
  std::vector<Unreadable> unreadable;
  std::vector<UnknownKind> unknown_kinds;
  std::vector<NamespaceManifest> namespaces;
  std::vector<TargetManifest> targets;
  std::vector<Kustomization> kustomizations;
  std::optional<ModuleFacts> module;
  std::vector<PluginManifest> plugins;  // of all kinds
  std::vector<PolicyManifest> policies;
  std::vector<FilterManifest> filters;
  std::vector<GrantManifest> grants;
  std::vector<MetadataManifest> metadata;
  std::vector<WorkloadManifest> workloads;
  std::vector<ConfigMapManifest> config_maps;
  std::vector<SecretManifest> secrets;

  // Files that are applied together: of one directory or one kustomization.
  bool are_together(std::size_t file, std::size_t other) const;
};

// For a file that was found in a directory: whether it can hold a manifest at all. Data has not
// both of the words `apiVersion` and `kind`.
bool may_hold_manifests(std::string_view text, const std::string& file);

// Adds the documents of a file; kinds that do not matter are passed over, and Lists opened.
// `default_ns` is where objects without a namespace go. What is no YAML is Unreadable, and what is
// before it counts.
void read_manifests(Inventory& inventory, std::string_view text, const std::string& file,
                    const std::string& default_ns);

// When all is read: what kustomizations patch by path goes into what is patched, and what they
// change in other ways is marked.
void apply_kustomizations(Inventory& inventory);

// Of a node in the file of `object`.
inline Site site_of(const Object& object, const yaml::Node& node) {
  return {object.site.file, node.start};
}

// For a finding.
Place place_of(const Inventory& inventory, const Site& site);

}  // namespace wasmctl::kube
