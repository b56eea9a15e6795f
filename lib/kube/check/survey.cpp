#include "kube/check/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kube/injection.hpp"
#include "kube/mount.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;

constexpr std::string_view kFileScheme = "file://";

std::string label_key(std::string_view ns, std::string_view key, std::string_view value) {
  return fmt::format("{}/{}={}", ns, key, value);
}

std::string_view annotation_text(const WorkloadManifest& workload, const char* key) {
  const auto found = workload.annotations.find(key);
  return found == workload.annotations.end() ? std::string_view() : found->second.text;
}

std::string member(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string()
             ? object[key].get<std::string>()
             : "";
}

json child(const json& object, const char* key) {
  return object.is_object() && object.contains(key) ? object[key] : json();
}

std::optional<std::map<std::string, std::string>> items_of(const json& source) {
  const auto list = child(source, "items");
  if (!list.is_array()) return std::nullopt;
  std::map<std::string, std::string> items;
  for (const auto& item : list) items[member(item, "path")] = member(item, "key");
  return items;
}

Site site_of(const WorkloadManifest& workload, const yaml::Node& node) {
  return {workload.site.file, node.start};
}

}  // namespace

Survey::Survey(const Inventory& inventory, const Inventory* before)
    : inventory_(inventory), before_(before), plugins_of_(inventory.workloads.size()) {
  for (std::size_t i = 0; i < inventory.workloads.size(); ++i) {
    const auto& workload = inventory.workloads[i];
    for (const auto& [key, value] : workload.labels) {
      by_label_[label_key(workload.ns, key, value)].push_back(i);
    }
  }
  for (const auto& config_map : inventory.config_maps) {
    config_maps_.emplace(fmt::format("{}/{}", config_map.ns, config_map.name), &config_map);
  }
  for (const auto& plugin : inventory.plugins) {
    for (const auto* const workload : selected(plugin)) {
      plugins_of_[static_cast<std::size_t>(workload - inventory.workloads.data())].push_back(
          &plugin);
    }
  }
}

std::vector<const WorkloadManifest*> Survey::selected(const PluginManifest& plugin) const {
  std::vector<const WorkloadManifest*> found;
  if (plugin.has_targets) return found;
  const auto& all = inventory_.workloads;
  const auto consider = [&](const WorkloadManifest& workload) {
    const bool here = plugin.ns == kRootNamespace || plugin.ns == workload.ns;
    if (here && matches(plugin.selector, workload.labels)) found.push_back(&workload);
  };
  if (plugin.selector.empty() || plugin.ns == kRootNamespace) {
    for (const auto& workload : all) consider(workload);
    return found;
  }
  const auto& [key, value] = *plugin.selector.begin();
  const auto candidates = by_label_.find(label_key(plugin.ns, key, value));
  if (candidates == by_label_.end()) return found;
  for (const auto index : candidates->second) consider(all[index]);
  return found;
}

const ConfigMapManifest* Survey::find_config_map(std::string_view ns, std::string_view name) const {
  const auto found = config_maps_.find(fmt::format("{}/{}", ns, name));
  return found == config_maps_.end() ? nullptr : found->second;
}

const NamespaceManifest* Survey::find_namespace(std::string_view name) const {
  const auto found = std::ranges::find(inventory_.namespaces, name, &NamespaceManifest::name);
  return found == inventory_.namespaces.end() ? nullptr : &*found;
}

std::string describe(const WorkloadManifest& workload) {
  return fmt::format("{}/{}", workload.kind->command, workload.name);
}

bool matches(const std::map<std::string, std::string>& selector,
             const std::map<std::string, std::string>& labels) {
  return std::ranges::all_of(selector, [&](const auto& label) {
    const auto found = labels.find(label.first);
    return found != labels.end() && found->second == label.second;
  });
}

std::string module_file(const PluginManifest& plugin) {
  if (!plugin.url.starts_with("file:///")) return "";
  return plugin.url.substr(kFileScheme.size());
}

std::string image_of(const std::string& url) {
  if (url.starts_with("oci://")) return url.substr(6);
  const bool is_image = !url.empty() && url.find("://") == std::string::npos &&
                        !url.starts_with('/') && !url.starts_with("file:");
  return is_image ? url : "";
}

bool covers(const std::string& path, const std::string& file) {
  return !path.empty() &&
         (file == path || file.starts_with(path.ends_with('/') ? path : path + '/'));
}

std::optional<json> read_annotation(const WorkloadManifest& workload, std::string_view key) {
  const auto found = workload.annotations.find(std::string(key));
  if (found == workload.annotations.end()) return std::nullopt;
  auto value = json::parse(found->second.text, nullptr, false);
  if (value.is_discarded() || !value.is_structured()) return std::nullopt;
  if (value.is_object()) return value;
  auto by_name = json::object();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto name = member(value[i], "name");
    by_name[name.empty() ? std::to_string(i) : name] = value[i];
  }
  return by_name;
}

std::vector<MountManifest> proxy_mounts(const WorkloadManifest& workload) {
  std::vector<MountManifest> mounts;
  std::ranges::copy_if(workload.mounts, std::back_inserter(mounts), [](const MountManifest& mount) {
    return mount.container == kProxyContainer;
  });
  if (const auto injected = read_annotation(workload, kMountAnnotation)) {
    const auto site = site_of(workload, workload.annotations.at(kMountAnnotation));
    for (const auto& [name, mount] : injected->items()) {
      mounts.push_back(
          {kProxyContainer, name, member(mount, "mountPath"), member(mount, "subPath"), site});
    }
  }
  return mounts;
}

std::vector<VolumeManifest> all_volumes(const WorkloadManifest& workload) {
  auto volumes = workload.volumes;
  if (const auto injected = read_annotation(workload, kVolumeAnnotation)) {
    const auto site = site_of(workload, workload.annotations.at(kVolumeAnnotation));
    for (const auto& [name, volume] : injected->items()) {
      const auto config_map = child(volume, "configMap");
      volumes.push_back({name, member(config_map, "name"),
                         member(child(volume, "image"), "reference"), items_of(config_map), site});
    }
  }
  return volumes;
}

const ContainerManifest* find_proxy(const WorkloadManifest& workload) {
  const auto found = std::ranges::find(workload.containers, kProxyContainer,
                                       [](const auto& container) { return container.name; });
  return found == workload.containers.end() ? nullptr : &*found;
}

bool has_own_proxy(const WorkloadManifest& workload) {
  const auto* const proxy = find_proxy(workload);
  return proxy != nullptr && proxy->image && *proxy->image != kInjectedImage;
}

namespace {

PodTraits traits_of(const WorkloadManifest& workload) {
  return {workload.labels, annotation_text(workload, kInjectKey),
          annotation_text(workload, kTemplatesAnnotation), workload.host_network,
          has_own_proxy(workload)};
}

}  // namespace

bool is_gateway(const WorkloadManifest& workload) {
  return is_gateway(traits_of(workload));
}

std::optional<std::string> why_not_injected(const Survey& survey,
                                            const WorkloadManifest& workload) {
  const auto* const ns = survey.find_namespace(workload.ns);
  return why_not_injected(traits_of(workload), workload.ns, ns == nullptr ? nullptr : &ns->labels);
}

}  // namespace wasmctl::kube
