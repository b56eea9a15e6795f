#include "kube/inventory.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "yaml/read.hpp"

namespace wasmctl::kube {

namespace {

using yaml::Node;

constexpr std::string_view kExtensions = "extensions.istio.io/v1alpha1";
constexpr std::string_view kModuleInBase64 = "AGFzbQ";  // "\0asm"

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

std::string decode_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) continue;
    bits = bits << 6U | static_cast<unsigned>(digit);
    if (++count % 4 != 1)
      out += static_cast<char>(bits >> (6U - 2U * static_cast<unsigned>((count - 1) % 4)) & 0xFFU);
  }
  return out;
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
    } else if (api_version == kExtensions && (kind == "WasmPlugin" || kind == "TrafficExtension")) {
      read_plugin(root, kind);
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
    if (object.ns.empty()) object.ns = default_ns_;
  }

  void read_plugin(const Node& root, const std::string& kind) {
    PluginManifest plugin;
    identify(plugin, root);
    plugin.kind = kind;
    if (const auto* const spec = yaml::find(root, "spec")) plugin.spec = *spec;
    const auto* const url = plugin.module_field("url");
    plugin.url = url == nullptr ? "" : url->text;
    plugin.has_selector = yaml::find(plugin.spec, "selector") != nullptr;
    plugin.has_targets = yaml::find(plugin.spec, "targetRefs") != nullptr ||
                         yaml::find(plugin.spec, "targetRef") != nullptr;
    plugin.selector = to_labels(at(&plugin.spec, {"selector", "matchLabels"}));
    inventory_.plugins.push_back(std::move(plugin));
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
        secret.registries.push_back(registry);
      }
    }
    inventory_.secrets.push_back(std::move(secret));
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
      workload.volumes.push_back(
          {text_at(&volume, {"name"}), text_at(&volume, {"configMap", "name"}), site(volume)});
    }
  }

  void read_container(WorkloadManifest& workload, const Node& container) const {
    const auto name = text_at(&container, {"name"});
    const auto* const image = yaml::find(container, "image");
    workload.containers.push_back(
        {name, image == nullptr ? std::nullopt : std::optional(image->text), site(container)});
    const auto* const mounts = yaml::find(container, "volumeMounts");
    if (mounts == nullptr) return;
    for (const auto& mount : mounts->items) {
      workload.mounts.push_back(
          {name, text_at(&mount, {"name"}), text_at(&mount, {"mountPath"}), site(mount)});
    }
  }

  Inventory& inventory_;
  const std::string& default_ns_;
  std::size_t file_;
};

}  // namespace

const Node* PluginManifest::module_field(std::string_view key) const {
  return kind == "TrafficExtension" ? at(&spec, {"wasm", key}) : yaml::find(spec, key);
}

void read_manifests(Inventory& inventory, std::string_view text, const std::string& file,
                    const std::string& default_ns) {
  inventory.files.push_back(file);
  DocumentReader documents(inventory, default_ns);
  yaml::Reader reader(text, file);
  while (const auto document = reader.next()) documents.read(document->root);
}

}  // namespace wasmctl::kube
