#include "kube/check/inventory.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/suggest.hpp"
#include "base/text.hpp"
#include "kube/workload.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::kube {

namespace {

using yaml::at, yaml::Node, yaml::text_at;

constexpr std::string_view kExtensionsGroup = "extensions.istio.io/";
constexpr std::string_view kModuleInBase64 = "AGFzbQ";  // "\0asm"

// As Kubernetes reads YAML: `yes` and `True` are true, too.
bool is_true(const Node* node) {
  if (node == nullptr || yaml::type_of(*node) != yaml::ScalarType::boolean) return false;
  return std::get<bool>(yaml::value_of(*node));
}

std::map<std::string, std::string> read_labels(const Node* node) {
  std::map<std::string, std::string> labels;
  if (node == nullptr) return labels;
  for (const auto& [key, value] : node->entries) labels[key.text] = value.text;
  return labels;
}

// Of a value under `data`, which may be written on several lines.
std::string decode_base64(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  return base::base64_decode(text).value_or("");
}

bool is_kustomization_file(const std::string& file) {
  const auto name = std::filesystem::path(file).filename();
  return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization";
}

// Fields of a kustomization that change nothing which a rule looks at, or that are followed.
constexpr std::string_view kFollowedFields[] = {
    "apiVersion", "kind",       "metadata",       "resources",
    "bases",      "components", "patches",        "patchesStrategicMerge",
    "images",     "replicas",   "sortOptions",    "buildMetadata",
    "crds",       "openapi",    "configurations", "generatorOptions"};

class DocumentReader {
 public:
  DocumentReader(Inventory& inventory, const std::string& default_ns)
      : inventory_(inventory), default_ns_(default_ns), file_(inventory.files.size() - 1) {}

  void read(const Node& root) {
    const auto api_version = text_at(&root, {"apiVersion"});
    const auto kind = text_at(&root, {"kind"});
    if (kind == "List") return read_list(root);
    if (is_kustomization_file(inventory_.files[file_]) ||
        api_version.starts_with("kustomize.config.k8s.io/")) {
      return read_kustomization(root);
    }
    for (const auto& row : plugin_kinds()) {
      if (api_version == row.api_version && kind == row.name) return read_plugin(root, row);
    }
    for (const auto& [group, name, reader] : kReaders) {
      const bool any_version = group.ends_with('/');
      const bool is_group = any_version ? api_version.starts_with(group) : api_version == group;
      if (is_group && kind == name) return (this->*reader)(root);
    }
    if (const auto* const meant = find_meant(api_version, kind)) {
      inventory_.unknown_kinds.push_back({site(root), api_version, kind, meant});
      return;
    }
    read_workload(root, kind);
  }

 private:
  using Reader = void (DocumentReader::*)(const Node& root);

  struct KindReader {
    std::string_view api_version;  // with a slash at its end: whatever version of the group
    std::string_view kind;
    Reader read;
  };

  static const std::vector<KindReader> kReaders;

  // The kind of ours that was meant: of its group, or nearly its name there (other kinds of the
  // group are none of our business); else of its name in another group. Null if there is none.
  static const PluginKind* find_meant(std::string_view api_version, std::string_view kind) {
    const auto group_of = [](std::string_view version) {
      return version.substr(0, version.find('/'));
    };
    const PluginKind* named = nullptr;
    for (const auto& row : plugin_kinds()) {
      const bool same_group = group_of(row.api_version) == group_of(api_version);
      const bool ours = row.api_version.starts_with(kExtensionsGroup);
      if (same_group && (ours || !base::nearest(kind, {row.name}).empty())) return &row;
      if (kind == row.name && named == nullptr) named = &row;
    }
    return named;
  }

  void read_list(const Node& root) {
    for (const auto* const item : objects_of(root)) {
      if (text_at(item, {"kind"}) != "List") read(*item);
    }
  }

  Site site(const Node& node) const { return {file_, node.start}; }

  void identify(Object& object, const Node& root) const {
    const auto* const name = at(&root, {"metadata", "name"});
    object.site = site(name == nullptr ? root : *name);
    object.name = name == nullptr ? "" : name->text;
    object.ns = text_at(&root, {"metadata", "namespace"});
    object.ns_assumed = object.ns.empty();
    if (object.ns_assumed) object.ns = default_ns_;
  }

  void keep_metadata(const Node& root, std::string_view kind) {
    const auto* const metadata = yaml::find(root, "metadata");
    inventory_.metadata.push_back({site(root), kind, metadata == nullptr ? Node() : *metadata});
  }

  // ---- plugins

  void read_plugin(const Node& root, const PluginKind& kind) {
    switch (kind.form) {
      case PluginForm::spec:
      case PluginForm::extension:
        return read_plugin_fields(root, kind);
      case PluginForm::policy_item:
        return read_policy(root, kind);
      case PluginForm::filter_message:
        return read_filter(root, kind);
    }
  }

  void read_plugin_fields(const Node& root, const PluginKind& kind) {
    PluginManifest plugin;
    identify(plugin, root);
    keep_metadata(root, kind.name);
    plugin.kind = &kind;
    read_spec(plugin, root);
    const auto* const url = plugin.module_field("url");
    plugin.url = url == nullptr ? "" : url->text;
    plugin.has_targets = names_targets(&plugin.spec);
    plugin.selector = read_labels(at(&plugin.spec, {"selector", "matchLabels"}));
    inventory_.plugins.push_back(std::move(plugin));
  }

  // An empty list of them is none, and the resource is for all.
  static bool names_targets(const Node* spec) {
    const auto* const list = at(spec, {"targetRefs"});
    return (list != nullptr && !list->items.empty()) || at(spec, {"targetRef"}) != nullptr;
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

  void read_policy(const Node& root, const PluginKind& kind) {
    PolicyManifest policy;
    identify(policy, root);
    keep_metadata(root, kind.name);
    read_spec(policy, root);
    if (const auto* const list = yaml::find(policy.spec, "wasm")) {
      for (const auto& item : list->items) read_policy_module(policy, item, kind);
      if (list->kind == yaml::Kind::mapping) read_policy_module(policy, *list, kind);
    }
    inventory_.policies.push_back(std::move(policy));
  }

  void read_policy_module(const PolicyManifest& policy, const Node& module,
                          const PluginKind& kind) {
    PluginManifest plugin;
    static_cast<Object&>(plugin) = policy;
    plugin.kind = &kind;
    plugin.spec = module;
    const auto image = text_at(&module, {"code", "image", "url"});
    const bool has_scheme = image.find("://") != std::string::npos;
    plugin.url = image.empty() ? text_at(&module, {"code", "http", "url"})
                 : has_scheme  ? image
                               : "oci://" + image;
    inventory_.plugins.push_back(std::move(plugin));
  }

  void read_filter(const Node& root, const PluginKind& kind) {
    PluginManifest filter;
    identify(filter, root);
    filter.kind = &kind;
    const auto* const spec = yaml::find(root, "spec");
    filter.has_targets = names_targets(spec);
    filter.selector = read_labels(at(spec, {"workloadSelector", "labels"}));
    const auto* const patches = at(spec, {"configPatches"});
    if (patches == nullptr) return;
    bool has_wasm = false;
    for (const auto& patch : patches->items) {
      const auto context = text_at(&patch, {"match", "context"});
      filter.context = context == "GATEWAY"              ? FilterContext::gateways
                       : context.starts_with("SIDECAR_") ? FilterContext::sidecars
                                                         : FilterContext::any;
      filter.is_merged = text_at(&patch, {"patch", "operation"}) == "MERGE";
      const auto* const value = at(&patch, {"patch", "value"});
      if (value != nullptr) has_wasm = find_wasm(filter, *value) || has_wasm;
    }
    if (!has_wasm) return;
    keep_metadata(root, kind.name);
    inventory_.filters.push_back({static_cast<const Object&>(filter), *spec});
  }

  // Every message of a Wasm extension: of HTTP and network filters, access logs, statistics sinks
  // and singletons, typed or as a TypedStruct.
  bool find_wasm(const PluginManifest& filter, const Node& node) {
    const auto type = text_at(&node, {"@type"});
    const auto* const struct_type = message_field(&node, "type_url");
    const auto is_wasm = [](const std::string& text) {
      return text.find(".wasm.v3.") != std::string::npos;
    };
    if (is_wasm(type) || (struct_type != nullptr && is_wasm(struct_type->text))) {
      const auto* const message = is_wasm(type) ? &node : yaml::find(node, "value");
      if (message != nullptr) add_filter(filter, *message);
      return message != nullptr;
    }
    const auto* const asked_for = message_field(&node, "type_urls");  // of a config_discovery
    bool found =
        asked_for != nullptr && std::ranges::any_of(asked_for->items, is_wasm, &Node::text);
    for (const auto& item : node.items) found = find_wasm(filter, item) || found;
    for (const auto& entry : node.entries) found = find_wasm(filter, entry.value) || found;
    return found;
  }

  void add_filter(PluginManifest filter, const Node& message) {
    filter.spec = message;
    const auto* const url = filter.module_field("url");
    const bool is_file =
        message_at(&message, {"config", "vm_config", "code", "local", "filename"}) != nullptr;
    filter.url = url == nullptr ? "" : (is_file ? "file://" : "") + url->text;
    inventory_.plugins.push_back(std::move(filter));
  }

  // ---- what belongs to them

  void read_namespace(const Node& root) {
    NamespaceManifest ns;
    identify(ns, root);
    ns.labels = read_labels(at(&root, {"metadata", "labels"}));
    inventory_.namespaces.push_back(std::move(ns));
  }

  void read_target(const Node& root) {
    TargetManifest target;
    identify(target, root);
    target.kind = text_at(&root, {"kind"});
    if (target.kind == "GatewayClass") target.ns.clear();  // of the cluster
    target.gateway_class = text_at(
        &root, {"spec", target.kind == "GatewayClass" ? "controllerName" : "gatewayClassName"});
    target.labels = read_labels(at(&root, {"metadata", "labels"}));
    target.waypoint = text_at(&root, {"metadata", "labels", "istio.io/use-waypoint"});
    if (target.waypoint == "none") target.waypoint.clear();
    for (const auto* const key : {"listeners", "rules"}) {
      const auto* const list = at(&root, {"spec", key});
      if (list == nullptr) continue;
      for (const auto& item : list->items) target.sections.push_back(text_at(&item, {"name"}));
    }
    if (const auto* const addresses = at(&root, {"spec", "addresses"})) {
      for (const auto& address : addresses->items) {
        if (text_at(&address, {"type"}) == "Hostname") target.host = text_at(&address, {"value"});
      }
    }
    inventory_.targets.push_back(std::move(target));
  }

  void read_istio_gateway(const Node& root) {
    TargetManifest target;
    identify(target, root);
    target.kind = kIstioGateway;
    inventory_.targets.push_back(std::move(target));
  }

  void read_grant(const Node& root) {
    GrantManifest grant;
    identify(grant, root);
    if (const auto* const list = at(&root, {"spec", "from"})) {
      for (const auto& item : list->items) {
        grant.from.push_back({text_at(&item, {"kind"}), text_at(&item, {"namespace"})});
      }
    }
    if (const auto* const list = at(&root, {"spec", "to"})) {
      for (const auto& item : list->items) {
        grant.to.push_back({text_at(&item, {"kind"}), text_at(&item, {"name"})});
      }
    }
    inventory_.grants.push_back(std::move(grant));
  }

  void read_config_map(const Node& root) {
    ConfigMapManifest config_map;
    identify(config_map, root);
    keep_metadata(root, "ConfigMap");
    std::size_t text_size = 0;
    if (const auto* const data = yaml::find(root, "data")) {
      for (const auto& [key, value] : data->entries) {
        text_size += value.text.size();
        config_map.values[key.text] = {.site = site(key),
                                       .size = value.text.size(),
                                       .is_text = true,
                                       .is_string = is_string(value)};
        if (value.text.starts_with(kModuleInBase64)) {
          config_map.text_modules.emplace_back(key.text, site(key));
        }
      }
    }
    if (const auto* const data = yaml::find(root, "binaryData")) {
      for (const auto& [key, value] : data->entries) {
        text_size += value.text.size();
        const bool is_twice = config_map.values.contains(key.text);
        auto& kept = config_map.values[key.text] = read_binary(key, value);
        kept.is_twice = is_twice;
      }
    }
    config_map.of_cluster = at(&root, {"metadata", "uid"}) != nullptr ||
                            at(&root, {"metadata", "resourceVersion"}) != nullptr;
    constexpr std::size_t kWorthCounting = 100'000;  // below it no limit is near
    if (text_size > kWorthCounting) config_map.json_size = json_size(root);
    inventory_.config_maps.push_back(std::move(config_map));
  }

  // Null is an empty one, to Go.
  static bool is_string(const Node& value) {
    if (value.kind != yaml::Kind::scalar) return false;
    const auto type = yaml::type_of(value);
    return type == yaml::ScalarType::string || type == yaml::ScalarType::null;
  }

  ConfigMapValue read_binary(const Node& key, const Node& value) const {
    auto bytes = base::base64_decode_as_go(value.text);
    ConfigMapValue read = {
        .site = site(key), .is_string = is_string(value), .is_base64 = bytes.has_value()};
    if (bytes) {
      read.size = bytes->size();
      read.bytes = std::move(*bytes);
    }
    return read;
  }

  static std::size_t json_size(const Node& root) {
    try {
      return yaml::to_json(root, "").dump().size();
    } catch (const std::exception&) {  // what is no JSON is refused for that
      return 0;
    }
  }

  void read_secret(const Node& root) {
    SecretManifest secret;
    identify(secret, root);
    secret.type = text_at(&root, {"type"});
    for (const auto* const field : {"data", "stringData"}) {
      const auto* const values = at(&root, {field});
      if (values == nullptr) continue;
      for (const auto& entry : values->entries) secret.keys.insert(entry.key.text);
    }
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

  // ---- kustomizations

  void read_kustomization(const Node& root) {
    Kustomization kustomization;
    kustomization.site = site(root);
    kustomization.is_component = text_at(&root, {"kind"}) == "Component";
    for (const auto* const key : {"resources", "bases"}) {
      add_paths(kustomization.resources, yaml::find(root, key));
    }
    add_paths(kustomization.components, yaml::find(root, "components"));
    if (const auto* const patches = yaml::find(root, "patchesStrategicMerge")) {
      for (const auto& patch : patches->items) add_patch(kustomization, patch);
    }
    if (const auto* const patches = yaml::find(root, "patches")) {
      for (const auto& patch : patches->items) {
        const auto* const path = yaml::find(patch, "path");
        const bool by_path = path != nullptr && yaml::find(patch, "target") == nullptr;
        by_path ? add_patch(kustomization, *path) : add_beyond(kustomization, "patches");
      }
    }
    for (const auto& entry : root.entries) {
      const bool followed =
          std::ranges::find(kFollowedFields, entry.key.text) != std::end(kFollowedFields);
      if (!followed) add_beyond(kustomization, entry.key.text);
    }
    inventory_.kustomizations.push_back(std::move(kustomization));
  }

  static void add_beyond(Kustomization& kustomization, const std::string& field) {
    auto& beyond = kustomization.beyond;
    if (std::ranges::find(beyond, field) == beyond.end()) beyond.push_back(field);
  }

  // In a list of patches there may be the patch itself.
  void add_patch(Kustomization& kustomization, const Node& path) const {
    if (path.kind == yaml::Kind::scalar && path.text.find('\n') == std::string::npos) {
      kustomization.patches.push_back(beside(path.text));
    } else {
      add_beyond(kustomization, "patchesStrategicMerge");
    }
  }

  void add_paths(std::vector<std::string>& paths, const Node* list) const {
    if (list == nullptr) return;
    for (const auto& item : list->items) {
      if (!item.text.empty()) paths.push_back(beside(item.text));
    }
  }

  // A path that is relative to the file's directory.
  std::string beside(const std::string& path) const {
    const auto directory = std::filesystem::path(inventory_.files[file_]).parent_path();
    auto whole = (directory / path).lexically_normal();
    if (whole.filename().empty()) whole = whole.parent_path();
    return whole.native();
  }

  // ---- workloads

  // The pod template of a kind that Kubernetes has, or of any other that has the same form: where
  // Deployments have it, with containers. (A SealedSecret's template has none.)
  static const Node* find_any_template(const Node& root) {
    if (const auto* const known = workload_kind(root)) return find_pod_template(root, *known);
    const auto* const found = at(&root, {"spec", "template"});
    const auto* const containers = at(found, {"spec", "containers"});
    return containers == nullptr || containers->items.empty() ? nullptr : found;
  }

  void read_workload(const Node& root, const std::string& kind) {
    const auto* const pod_template = find_any_template(root);
    if (pod_template == nullptr) return;
    WorkloadManifest workload;
    identify(workload, root);
    workload.kind = kind;
    workload.labels = read_labels(at(pod_template, {"metadata", "labels"}));
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
    workload.host_network = is_true(at(&spec, {"hostNetwork"}));
    for (const char* key : {"containers", "initContainers"}) {
      const auto* const list = yaml::find(spec, key);
      if (list == nullptr) continue;
      for (const auto& container : list->items) read_container(workload, container);
    }
    const auto* const volumes = yaml::find(spec, "volumes");
    if (volumes == nullptr) return;
    for (const auto& volume : volumes->items) {
      workload.volumes.push_back(
          {text_at(&volume, {"name"}), text_at(&volume, {"configMap", "name"}),
           text_at(&volume, {"image", "reference"}),
           read_items(at(&volume, {"configMap", "items"})), site(volume),
           is_true(at(&volume, {"configMap", "optional"})), read_sources(volume)});
    }
  }

  // What a volume without any is made of, too.
  static std::vector<std::string> read_sources(const Node& volume) {
    std::vector<std::string> sources;
    for (const auto& entry : volume.entries) {
      if (entry.key.text != "name") sources.push_back(entry.key.text);
    }
    if (sources.empty()) sources.emplace_back("emptyDir");
    return sources;
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

const std::vector<DocumentReader::KindReader> DocumentReader::kReaders = {
    {"v1", "Namespace", &DocumentReader::read_namespace},
    {"v1", "ConfigMap", &DocumentReader::read_config_map},
    {"v1", "Secret", &DocumentReader::read_secret},
    {"v1", "Service", &DocumentReader::read_target},
    {"networking.istio.io/", "ServiceEntry", &DocumentReader::read_target},
    {"networking.istio.io/", "Gateway", &DocumentReader::read_istio_gateway},
    {"gateway.networking.k8s.io/", "ReferenceGrant", &DocumentReader::read_grant},
    {"gateway.networking.k8s.io/", "Gateway", &DocumentReader::read_target},
    {"gateway.networking.k8s.io/", "GatewayClass", &DocumentReader::read_target},
    {"gateway.networking.k8s.io/", "ListenerSet", &DocumentReader::read_target},
    {"gateway.networking.k8s.io/", "HTTPRoute", &DocumentReader::read_target},
    {"gateway.networking.k8s.io/", "GRPCRoute", &DocumentReader::read_target},
};

}  // namespace

const Node* PluginManifest::module_field(std::string_view key) const {
  return kube::module_field(*kind, spec, key);
}

std::string describe(const PluginManifest& plugin) {
  const bool is_filter = plugin.kind->form == PluginForm::filter_message;
  return fmt::format("{} `{}`", is_filter ? plugin.kind->name : "plugin", plugin.name);
}

std::string describe(const WorkloadManifest& workload) {
  return fmt::format("{}/{}", base::lower(workload.kind), workload.name);
}

bool may_hold_manifests(std::string_view text, const std::string& file) {
  const auto has = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
  return is_kustomization_file(file) || (has("apiVersion") && has("kind"));
}

namespace {

// Items are the same by their names, mounts by container and path; the patch's comes in its place.
void merge(WorkloadManifest& into, const WorkloadManifest& patch) {
  const auto put = [](auto& list, const auto& more, const auto& is_same) {
    for (const auto& item : more) {
      std::erase_if(list, [&](const auto& old) { return is_same(old, item); });
    }
    list.insert(list.end(), more.begin(), more.end());
  };
  const auto same_name = [](const auto& a, const auto& b) { return a.name == b.name; };
  for (const auto& container : patch.containers) {
    const auto old = std::ranges::find(into.containers, container.name, &ContainerManifest::name);
    if (old == into.containers.end()) {
      into.containers.push_back(container);
    } else if (container.image) {
      old->image = container.image;
    }
  }
  put(into.mounts, patch.mounts, [](const MountManifest& a, const MountManifest& b) {
    return a.container == b.container && a.path == b.path;
  });
  put(into.volumes, patch.volumes, same_name);
  for (const auto& [key, value] : patch.labels) into.labels[key] = value;
  for (const auto& [key, value] : patch.annotations) into.annotations[key] = value;
}

// Which files a kustomization brings together, and whether all that it does to them is followed.
class Kustomizer {
 public:
  explicit Kustomizer(Inventory& inventory) : inventory_(inventory) {
    inventory_.mended.assign(inventory_.files.size(), false);
    for (std::size_t i = 0; i < inventory_.files.size(); ++i) {
      index_of_[normal(inventory_.files[i])] = i;
    }
    for (auto& kustomization : inventory_.kustomizations) {
      const auto& file = inventory_.files[kustomization.site.file];
      in_directory_[std::filesystem::path(normal(file)).parent_path().native()] = &kustomization;
    }
  }

  void run() {
    for (auto& kustomization : inventory_.kustomizations) check_patches(kustomization);
    merge_workloads();
    drop_partial_plugins();
    for (auto& kustomization : inventory_.kustomizations) mark(kustomization);
  }

 private:
  static std::string normal(const std::string& file) {
    return std::filesystem::path(file).lexically_normal().native();
  }

  // A patch is followed if it is here, and a part of a workload.
  void check_patches(Kustomization& kustomization) {
    for (const auto& path : kustomization.patches) {
      const auto found = index_of_.find(path);
      const auto is_in_file = [&](const Object& object) {
        return object.site.file == found->second;
      };
      const bool followed = found != index_of_.end() &&
                            std::ranges::any_of(inventory_.workloads, is_in_file) &&
                            std::ranges::none_of(inventory_.plugins, is_in_file);
      if (found != index_of_.end()) patch_files_.insert(found->second);
      if (!followed && kustomization.beyond.empty()) kustomization.beyond.emplace_back("patches");
    }
  }

  void merge_workloads() {
    std::vector<WorkloadManifest> patches;
    std::erase_if(inventory_.workloads, [&](const WorkloadManifest& workload) {
      const bool is_patch = patch_files_.contains(workload.site.file);
      if (is_patch) patches.push_back(workload);
      return is_patch;
    });
    for (const auto& patch : patches) {
      for (auto& workload : inventory_.workloads) {
        if (workload.kind == patch.kind && workload.name == patch.name) merge(workload, patch);
      }
    }
  }

  // What a patch says of a plugin is a part of one, and none by itself.
  void drop_partial_plugins() {
    const auto is_partial = [&](const auto& object) {
      return patch_files_.contains(object.site.file);
    };
    std::erase_if(inventory_.plugins, is_partial);
    std::erase_if(inventory_.policies, is_partial);
    std::erase_if(inventory_.metadata, is_partial);
    std::erase_if(inventory_.config_maps, is_partial);
  }

  void mark(Kustomization& kustomization) {
    std::set<std::size_t> files;
    std::set<const Kustomization*> seen;
    reach(kustomization, files, seen);
    kustomization.reached.assign(files.begin(), files.end());
    if (kustomization.beyond.empty()) return;
    if (kustomization.is_component) {  // what includes it is not always here
      for (std::size_t i = 0; i < inventory_.files.size(); ++i) files.insert(i);
    }
    for (const auto file : files) inventory_.mended[file] = true;
    const auto is_reached = [&](const Object& object) { return files.contains(object.site.file); };
    const bool matters =
        std::ranges::any_of(inventory_.plugins, is_reached) ||
        (!inventory_.plugins.empty() && std::ranges::any_of(inventory_.workloads, is_reached));
    if (matters) add_note(kustomization);
  }

  void add_note(const Kustomization& kustomization) {
    const auto& file = inventory_.files[kustomization.site.file];
    const auto directory = std::filesystem::path(file).parent_path().native();
    inventory_.notes.push_back(fmt::format(
        "{} changes more than check follows ({}): check what `kubectl kustomize {}` prints", file,
        fmt::join(kustomization.beyond, ", "), directory.empty() ? "." : directory));
  }

  void reach(const Kustomization& kustomization, std::set<std::size_t>& files,
             std::set<const Kustomization*>& seen) {
    if (!seen.insert(&kustomization).second) return;
    for (const auto* const list : {&kustomization.resources, &kustomization.components}) {
      for (const auto& path : *list) {
        if (const auto file = index_of_.find(path); file != index_of_.end()) {
          files.insert(file->second);
        }
        if (const auto below = in_directory_.find(path); below != in_directory_.end()) {
          reach(*below->second, files, seen);
        }
      }
    }
  }

  Inventory& inventory_;
  std::map<std::string, std::size_t> index_of_;               // by path
  std::map<std::string, const Kustomization*> in_directory_;  // by its directory's path
  std::set<std::size_t> patch_files_;
};

}  // namespace

void read_manifests(Inventory& inventory, std::string_view text, const std::string& file,
                    const std::string& default_ns) {
  inventory.files.push_back(file);
  inventory.mended.push_back(false);
  DocumentReader documents(inventory, default_ns);
  try {
    yaml::Reader reader(text, file);
    const bool has_merges = text.find("<<") != std::string_view::npos;
    while (auto document = reader.next()) {
      if (has_merges) yaml::apply_merges(document->root);
      documents.read(document->root);
    }
  } catch (const Error& error) {
    Unreadable unreadable{{inventory.files.size() - 1, {}}, std::string(error.reason())};
    if (const auto& place = error.place()) {
      unreadable.site.mark.line = place->line;
      unreadable.site.mark.column = place->column;
    }
    unreadable.is_template = text.find("{{") != std::string_view::npos;
    inventory.unreadable.push_back(std::move(unreadable));
  }
}

bool Inventory::are_together(std::size_t file, std::size_t other) const {
  const auto directory = [&](std::size_t index) {
    return std::filesystem::path(files[index]).lexically_normal().parent_path();
  };
  return directory(file) == directory(other) ||
         std::ranges::any_of(kustomizations, [&](const Kustomization& kustomization) {
           const auto& reached = kustomization.reached;
           return std::ranges::binary_search(reached, file) &&
                  std::ranges::binary_search(reached, other);
         });
}

Place place_of(const Inventory& inventory, const Site& site) {
  return {inventory.files[site.file], site.mark.line, site.mark.column};
}

void apply_kustomizations(Inventory& inventory) {
  Kustomizer(inventory).run();
}

}  // namespace wasmctl::kube
