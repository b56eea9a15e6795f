#include "kube/check/inventory.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "kube/render/envoy_gateway.hpp"
#include "yaml/read.hpp"

namespace wasmctl::kube {

namespace {

using yaml::Node;

constexpr std::string_view kExtensionsGroup = "extensions.istio.io/";
constexpr std::string_view kExtensions = "extensions.istio.io/v1alpha1";
constexpr std::string_view kHigress = "extensions.higress.io/";  // has one of its own
constexpr std::string_view kModuleInBase64 = "AGFzbQ";           // "\0asm"

const Node* at(const Node* node, std::initializer_list<std::string_view> path) {
  for (const auto key : path) node = node == nullptr ? nullptr : yaml::find(*node, key);
  return node;
}

std::string text_at(const Node* node, std::initializer_list<std::string_view> path) {
  const auto* const found = at(node, path);
  return found == nullptr ? "" : found->text;
}

std::map<std::string, std::string> to_labels(const Node* node) {
  std::map<std::string, std::string> labels;
  if (node == nullptr) return labels;
  for (const auto& [key, value] : node->entries) labels[key.text] = value.text;
  return labels;
}

std::size_t base64_size(std::string_view text) {
  const auto digits =
      std::ranges::count_if(text, [](char c) { return c != '=' && c != '\n' && c != ' '; });
  return static_cast<std::size_t>(digits) * 3 / 4;
}

// Of a value under `data`, which may stand on several lines.
std::string decode_base64(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  return base::base64_decode(text).value_or("");
}

class DocumentReader {
 public:
  DocumentReader(Inventory& inventory, const std::string& default_ns)
      : inventory_(inventory), default_ns_(default_ns), file_(inventory.files.size() - 1) {}

  void read(const Node& root) {
    const auto api_version = text_at(&root, {"apiVersion"});
    const auto kind = text_at(&root, {"kind"});
    if (kind == "List") {
      if (const auto* const items = yaml::find(root, "items")) {
        for (const auto& item : items->items) {
          if (text_at(&item, {"kind"}) != "List") read(item);  // Kubernetes opens one level
        }
      }
    } else if (api_version.starts_with(kExtensionsGroup)) {
      if (api_version == kExtensions && (kind == "WasmPlugin" || kind == "TrafficExtension")) {
        read_plugin(root, kind);
      } else {
        inventory_.unknown_kinds.push_back({site(root), api_version + ' ' + kind});
      }
    } else if (kind == "TrafficExtension" ||
               (kind == "WasmPlugin" && !api_version.starts_with(kHigress))) {
      inventory_.unknown_kinds.push_back({site(root), api_version + ' ' + kind});
    } else if (api_version == kEnvoyGatewayApi && kind == kExtensionPolicy) {
      read_policy(root);
    } else if (api_version == "v1" && kind == "Namespace") {
      NamespaceManifest ns;
      identify(ns, root);
      ns.labels = to_labels(at(&root, {"metadata", "labels"}));
      inventory_.namespaces.push_back(std::move(ns));
    } else if (api_version.starts_with("gateway.networking.k8s.io/") && kind == "Gateway") {
      GatewayManifest gateway;
      identify(gateway, root);
      gateway.gateway_class = text_at(&root, {"spec", "gatewayClassName"});
      inventory_.gateways.push_back(std::move(gateway));
    } else if (api_version.starts_with("kustomize.config.k8s.io/")) {
      read_kustomization(root);
    } else if (api_version == "v1" && kind == "ConfigMap") {
      read_config_map(root);
    } else if (api_version == "v1" && kind == "Secret") {
      read_secret(root);
    } else {
      read_workload(root, api_version, kind);
    }
  }

 private:
  Site site(const Node& node) const { return {file_, node.start}; }

  void identify(Object& object, const Node& root) const {
    const auto* const name = at(&root, {"metadata", "name"});
    object.site = site(name == nullptr ? root : *name);
    object.name = name == nullptr ? "" : name->text;
    object.ns = text_at(&root, {"metadata", "namespace"});
    object.ns_assumed = object.ns.empty();
    if (object.ns_assumed) object.ns = default_ns_;
  }

  void read_plugin(const Node& root, const std::string& kind) {
    PluginManifest plugin;
    identify(plugin, root);
    plugin.kind = kind;
    read_spec(plugin, root);
    const auto* const url = plugin.module_field("url");
    plugin.url = url == nullptr ? "" : url->text;
    plugin.has_selector = yaml::find(plugin.spec, "selector") != nullptr;
    plugin.has_targets = yaml::find(plugin.spec, "targetRefs") != nullptr ||
                         yaml::find(plugin.spec, "targetRef") != nullptr;
    plugin.selector = to_labels(at(&plugin.spec, {"selector", "matchLabels"}));
    inventory_.plugins.push_back(std::move(plugin));
  }

  // Of a plugin or policy.
  static void read_spec(auto& object, const Node& root) {
    for (const auto& entry : root.entries) {
      const auto& key = entry.key.text;
      if (key == "spec") object.spec = entry.value;
      const bool known = key == "apiVersion" || key == "kind" || key == "metadata" ||
                         key == "spec" || key == "status";
      if (!known) object.stray_keys.push_back(entry.key);
    }
  }

  void read_policy(const Node& root) {
    PolicyManifest policy;
    identify(policy, root);
    read_spec(policy, root);
    if (const auto* const list = yaml::find(policy.spec, "wasm")) {
      for (const auto& item : list->items) {
        PluginManifest plugin;
        static_cast<Object&>(plugin) = policy;
        plugin.kind = kExtensionPolicy;
        plugin.spec = item;
        const auto image = text_at(&item, {"code", "image", "url"});
        const bool has_scheme = image.find("://") != std::string::npos;
        plugin.url = image.empty() ? text_at(&item, {"code", "http", "url"})
                     : has_scheme  ? image
                                   : "oci://" + image;
        inventory_.policy_plugins.push_back(std::move(plugin));
      }
    }
    inventory_.policies.push_back(std::move(policy));
  }

  void read_config_map(const Node& root) {
    ConfigMapManifest config_map;
    identify(config_map, root);
    if (const auto* const data = yaml::find(root, "data")) {
      for (const auto& [key, value] : data->entries) {
        config_map.keys[key.text] = value.text.size();
        if (value.text.starts_with(kModuleInBase64)) {
          config_map.text_modules.emplace_back(key.text, site(key));
        }
      }
    }
    if (const auto* const data = yaml::find(root, "binaryData")) {
      for (const auto& [key, value] : data->entries) {
        config_map.keys[key.text] = base64_size(value.text);
      }
    }
    inventory_.config_maps.push_back(std::move(config_map));
  }

  void read_secret(const Node& root) {
    SecretManifest secret;
    identify(secret, root);
    secret.type = text_at(&root, {"type"});
    auto config = text_at(&root, {"stringData", ".dockerconfigjson"});
    if (config.empty()) config = decode_base64(text_at(&root, {"data", ".dockerconfigjson"}));
    const auto value = nlohmann::json::parse(config, nullptr, false);
    if (value.is_object() && value.contains("auths") && value["auths"].is_object()) {
      for (const auto& [registry, credentials] : value["auths"].items()) {
        // Docker Desktop writes empty ones: the credentials are in the helper's store.
        if (!credentials.empty()) secret.registries.push_back(registry);
      }
    }
    inventory_.secrets.push_back(std::move(secret));
  }

  // Files beside it that are no objects by themselves.
  void read_kustomization(const Node& root) {
    const auto directory = std::filesystem::path(inventory_.files[file_]).parent_path();
    const auto add = [&](const std::string& path) {
      if (path.empty()) return;
      inventory_.patch_files.push_back((directory / path).lexically_normal().native());
    };
    if (const auto* const patches = yaml::find(root, "patches")) {
      for (const auto& patch : patches->items) add(text_at(&patch, {"path"}));
    }
    if (const auto* const patches = yaml::find(root, "patchesStrategicMerge")) {
      for (const auto& patch : patches->items) add(patch.text);
    }
  }

  void read_workload(const Node& root, const std::string& api_version, const std::string& kind) {
    const auto kinds = workload_kinds();
    const auto row = std::ranges::find_if(kinds, [&](const WorkloadKind& known) {
      return known.kind == kind && known.api_version == api_version;
    });
    if (row == kinds.end()) return;
    const auto* pod_template = &root;
    for (const auto key : row->pod_path) {
      pod_template = pod_template == nullptr ? nullptr : yaml::find(*pod_template, key);
    }
    if (pod_template == nullptr) return;
    WorkloadManifest workload;
    identify(workload, root);
    workload.kind = &*row;
    workload.labels = to_labels(at(pod_template, {"metadata", "labels"}));
    for_each_annotation(pod_template, [&](const yaml::Entry& entry) {
      workload.annotations[entry.key.text] = entry.value;
    });
    if (pod_template != &root) {
      for_each_annotation(&root, [&](const yaml::Entry& entry) {
        workload.own_annotations[entry.key.text] = site(entry.key);
      });
    }
    if (const auto* const spec = yaml::find(*pod_template, "spec")) read_pod(workload, *spec);
    inventory_.workloads.push_back(std::move(workload));
  }

  template <typename Visit>
  void for_each_annotation(const Node* node, const Visit& visit) const {
    const auto* const annotations = at(node, {"metadata", "annotations"});
    if (annotations == nullptr) return;
    for (const auto& entry : annotations->entries) {
      if (entry.key.text.find("istio.io/") != std::string::npos) visit(entry);
    }
  }

  void read_pod(WorkloadManifest& workload, const Node& spec) const {
    workload.host_network = text_at(&spec, {"hostNetwork"}) == "true";
    for (const char* key : {"containers", "initContainers"}) {
      const auto* const list = yaml::find(spec, key);
      if (list == nullptr) continue;
      for (const auto& container : list->items) read_container(workload, container);
    }
    const auto* const volumes = yaml::find(spec, "volumes");
    if (volumes == nullptr) return;
    for (const auto& volume : volumes->items) {
      workload.volumes.push_back({text_at(&volume, {"name"}),
                                  text_at(&volume, {"configMap", "name"}),
                                  text_at(&volume, {"image", "reference"}),
                                  read_items(at(&volume, {"configMap", "items"})), site(volume)});
    }
  }

  static std::optional<std::map<std::string, std::string>> read_items(const Node* list) {
    if (list == nullptr) return std::nullopt;
    std::map<std::string, std::string> items;
    for (const auto& item : list->items) items[text_at(&item, {"path"})] = text_at(&item, {"key"});
    return items;
  }

  void read_container(WorkloadManifest& workload, const Node& container) const {
    const auto name = text_at(&container, {"name"});
    const auto* const image = yaml::find(container, "image");
    workload.containers.push_back(
        {name, image == nullptr ? std::nullopt : std::optional(image->text), site(container)});
    const auto* const mounts = yaml::find(container, "volumeMounts");
    if (mounts == nullptr) return;
    for (const auto& mount : mounts->items) {
      workload.mounts.push_back({name, text_at(&mount, {"name"}), text_at(&mount, {"mountPath"}),
                                 text_at(&mount, {"subPath"}), site(mount)});
    }
  }

  Inventory& inventory_;
  const std::string& default_ns_;
  std::size_t file_;
};

}  // namespace

namespace {

// What a policy's module has elsewhere, or under another name.
const Node* policy_field(const Node& module, std::string_view key) {
  if (key == "pluginConfig") return yaml::find(module, "config");
  if (key == "imagePullSecret") {
    const auto* const secret = at(&module, {"code", "image", "pullSecretRef"});
    const bool here = secret != nullptr && yaml::find(*secret, "namespace") == nullptr;
    return here ? yaml::find(*secret, "name") : nullptr;  // elsewhere a ReferenceGrant decides
  }
  if (key != "url" && key != "sha256") return nullptr;
  const auto* const of_image = at(&module, {"code", "image", key});
  return of_image != nullptr ? of_image : at(&module, {"code", "http", key});
}

}  // namespace

std::vector<const PluginManifest*> all_plugins(const Inventory& inventory) {
  std::vector<const PluginManifest*> all;
  for (const auto* const list : {&inventory.plugins, &inventory.policy_plugins}) {
    for (const auto& plugin : *list) all.push_back(&plugin);
  }
  return all;
}

std::string_view consumer_of(const PluginManifest& plugin) {
  return plugin.kind == kExtensionPolicy ? "Envoy Gateway" : "Istio";
}

const Node* PluginManifest::module_field(std::string_view key) const {
  if (kind == kExtensionPolicy) return policy_field(spec, key);
  return kind == "TrafficExtension" ? at(&spec, {"wasm", key}) : yaml::find(spec, key);
}

namespace {

// A reader says where it stopped.
Oddity to_oddity(const Error& error, std::size_t file) {
  Oddity oddity{{file, {}}, std::string(error.reason())};
  if (const auto& place = error.place()) {
    oddity.site.mark.line = place->line;
    oddity.site.mark.column = place->column;
  }
  return oddity;
}

void merge(WorkloadManifest& into, const WorkloadManifest& patch) {
  const auto append = [](auto& list, const auto& more) {
    list.insert(list.end(), more.begin(), more.end());
  };
  append(into.containers, patch.containers);
  append(into.mounts, patch.mounts);
  append(into.volumes, patch.volumes);
  for (const auto& [key, value] : patch.labels) into.labels[key] = value;
  for (const auto& [key, value] : patch.annotations) into.annotations[key] = value;
}

}  // namespace

void read_manifests(Inventory& inventory, std::string_view text, const std::string& file,
                    const std::string& default_ns) {
  inventory.files.push_back(file);
  DocumentReader documents(inventory, default_ns);
  try {
    yaml::Reader reader(text, file);
    while (const auto document = reader.next()) documents.read(document->root);
  } catch (const Error& error) {
    inventory.unreadable.push_back(to_oddity(error, inventory.files.size() - 1));
  }
}

Place place_of(const Inventory& inventory, const Site& site) {
  return {inventory.files[site.file], site.mark.line, site.mark.column};
}

void merge_patches(Inventory& inventory) {
  std::vector<bool> is_patch(inventory.files.size());
  for (std::size_t i = 0; i < inventory.files.size(); ++i) {
    const auto path = std::filesystem::path(inventory.files[i]).lexically_normal().native();
    is_patch[i] = std::ranges::find(inventory.patch_files, path) != inventory.patch_files.end();
  }
  std::vector<WorkloadManifest> patches;
  std::erase_if(inventory.workloads, [&](const WorkloadManifest& workload) {
    if (is_patch[workload.site.file]) patches.push_back(workload);
    return is_patch[workload.site.file];
  });
  for (const auto& patch : patches) {
    for (auto& workload : inventory.workloads) {
      if (workload.kind == patch.kind && workload.name == patch.name) merge(workload, patch);
    }
  }
}

}  // namespace wasmctl::kube
