#include "kube/check/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "kube/injection.hpp"
#include "kube/mount.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;

constexpr std::string_view kFileScheme = "file://";
constexpr char kProxyImageAnnotation[] = "sidecar.istio.io/proxyImage";
constexpr char kStatusAnnotation[] = "sidecar.istio.io/status";  // the injector writes it
constexpr char kManagedLabel[] = "gateway.istio.io/managed";     // Istio's Gateway controller

std::string label_key(std::string_view ns, std::string_view key, std::string_view value) {
  return fmt::format("{}/{}={}", ns, key, value);
}

std::string_view annotation_text(const WorkloadManifest& workload, const char* key) {
  const auto found = workload.annotations.find(key);
  return found == workload.annotations.end() ? std::string_view() : found->second.text;
}

std::string member_text(const json& object, std::string_view name) {
  const auto* const found = member_of(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

const json& child(const json& object, std::string_view name) {
  static const json kNothing;
  const auto* const found = member_of(object, name);
  return found == nullptr ? kNothing : *found;
}

std::optional<std::map<std::string, std::string>> items_of(const json& source) {
  const auto& list = child(source, "items");
  if (!list.is_array()) return std::nullopt;
  std::map<std::string, std::string> items;
  for (const auto& item : list) items[member_text(item, "path")] = member_text(item, "key");
  return items;
}

std::vector<std::string> sources_of(const json& volume) {
  std::vector<std::string> sources;
  for (const auto& [key, value] : volume.items()) {
    if (base::lower(key) != "name") sources.push_back(key);
  }
  return sources;
}

// Of a list by the items' names, or else by their places.
std::shared_ptr<const json> read_annotation(const WorkloadManifest& workload,
                                            const std::string& key) {
  const auto found = workload.annotations.find(key);
  if (found == workload.annotations.end()) return nullptr;
  auto value = json::parse(found->second.text, nullptr, false);
  if (value.is_discarded() || !value.is_structured()) return nullptr;
  if (value.is_object()) return std::make_shared<const json>(std::move(value));
  auto by_name = json::object();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto name = member_text(value[i], "name");
    by_name[name.empty() ? std::to_string(i) : name] = value[i];
  }
  return std::make_shared<const json>(std::move(by_name));
}

void read_annotations(Pods& pods) {
  const auto& workload = *pods.workload;
  const auto site_of = [&](const char* key) {
    return Site{workload.site.file, workload.annotations.at(key).start};
  };
  pods.mount_annotation = read_annotation(workload, kMountAnnotation);
  if (pods.mount_annotation != nullptr) {
    for (const auto& [name, mount] : pods.mount_annotation->items()) {
      pods.annotated_mounts.push_back({kProxyContainer, name, member_text(mount, "mountPath"),
                                       member_text(mount, "subPath"), site_of(kMountAnnotation)});
    }
  }
  pods.volume_annotation = read_annotation(workload, kVolumeAnnotation);
  if (pods.volume_annotation == nullptr) return;
  for (const auto& [name, volume] : pods.volume_annotation->items()) {
    const auto& config_map = child(volume, "configMap");
    const auto& optional = child(config_map, "optional");
    pods.annotated_volumes.push_back(
        {name, member_text(config_map, "name"), member_text(child(volume, "image"), "reference"),
         items_of(config_map), site_of(kVolumeAnnotation),
         optional.is_boolean() && optional.get<bool>(), sources_of(volume)});
  }
}

// Istio's own images; a mirror's name tells nothing.
bool is_istio_image(const std::string& image) {
  constexpr std::string_view kRepositories[] = {
      "docker.io/istio/proxyv2",           "istio/proxyv2",
      "gcr.io/istio-release/proxyv2",      "gcr.io/istio-testing/proxyv2",
      "registry.istio.io/release/proxyv2", "registry.istio.io/testing/proxyv2"};
  return std::ranges::any_of(kRepositories, [&](std::string_view repository) {
    return image.starts_with(repository) &&
           (image.size() == repository.size() || image[repository.size()] == ':' ||
            image[repository.size()] == '@');
  });
}

std::size_t common_steps(const std::filesystem::path& a, const std::filesystem::path& b) {
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(std::distance(a.begin(), end));
}

std::filesystem::path directory_of(const Inventory& inventory, const Object& object) {
  return std::filesystem::path(inventory.files[object.site.file]).lexically_normal().parent_path();
}

}  // namespace

Survey::Survey(const Inventory& inventory, const Inventory* before)
    : inventory_(inventory),
      before_(before),
      is_whole_(std::ranges::none_of(inventory.mended, [](bool mended) { return mended; })) {
  for (const auto& ns : inventory.namespaces) namespaces_.emplace(ns.name, &ns);
  for (const auto& config_map : inventory.config_maps) {
    config_maps_[fmt::format("{}/{}", config_map.ns, config_map.name)].push_back(&config_map);
  }
  for (const auto& target : inventory.targets) {
    targets_.emplace(fmt::format("{}/{}/{}", target.kind, target.ns, target.name), &target);
  }
  pods_.reserve(inventory.workloads.size());
  for (const auto& workload : inventory.workloads) make_pods(workload);
  sort_plugins();
  select();
  find_modules();
}

void Survey::sort_plugins() {
  for (const auto& plugin : inventory_.plugins) {
    plugins_.push_back(&plugin);
    const bool mesh = plugin.kind->reach == PluginReach::sidecars;
    if (mesh && plugin.kind->has_plugin_fields()) istio_plugins_.push_back(&plugin);
    const bool selects =
        plugin.kind->reach == PluginReach::own_gateways && !plugin.selector.empty();
    if (mesh || selects) mesh_plugins_.push_back(&plugin);
  }
}

// ---- pods

void Survey::make_pods(const WorkloadManifest& workload) {
  Pods pods;
  pods.workload = &workload;
  read_annotations(pods);
  for (const auto& mount : workload.mounts) {
    if (mount.container == kProxyContainer) pods.mounts.push_back(&mount);
  }
  for (const auto& mount : pods.annotated_mounts) pods.mounts.push_back(&mount);
  for (const auto& volume : workload.volumes) pods.volumes.push_back(&volume);
  for (const auto& volume : pods.annotated_volumes) pods.volumes.push_back(&volume);

  const auto proxy = std::ranges::find(workload.containers, kProxyContainer,
                                       [](const auto& container) { return container.name; });
  if (proxy != workload.containers.end()) pods.proxy = &*proxy;
  const bool managed = workload.labels.contains(kManagedLabel);
  pods.injected = workload.annotations.contains(kStatusAnnotation) || managed;
  pods.own_proxy =
      pods.proxy != nullptr && pods.proxy->image && *pods.proxy->image != kInjectedImage;
  pods.proxy_image =
      pods.own_proxy ? *pods.proxy->image : annotation_text(workload, kProxyImageAnnotation);
  if (is_istio_image(pods.proxy_image)) pods.proxy_image.clear();

  const PodTraits traits = {workload.labels, annotation_text(workload, kInjectKey),
                            annotation_text(workload, kTemplatesAnnotation), workload.host_network,
                            pods.own_proxy};
  pods.is_gateway = kube::is_gateway(traits) || managed;
  const auto* const ns = find_namespace(workload.ns);
  if (!pods.injected) {
    pods.why_not_injected =
        why_not_injected(traits, workload.ns, ns == nullptr ? nullptr : &ns->labels);
  }
  pods_.push_back(std::move(pods));
}

// ---- who selects whom

void Survey::select() {
  std::map<std::string, std::vector<const WorkloadManifest*>> by_name;
  for (std::size_t i = 0; i < inventory_.workloads.size(); ++i) {
    const auto& workload = inventory_.workloads[i];
    for (const auto& [key, value] : workload.labels) {
      by_label_[label_key(workload.ns, key, value)].push_back(i);
    }
    by_name[fmt::format("{}/{}/{}", workload.kind, workload.ns, workload.name)].push_back(
        &workload);
  }
  for (auto& [name, workloads] : by_name) {
    if (workloads.size() > 1) copies_.emplace(name, std::move(workloads));
  }
  is_selected_.assign(pods_.size(), false);
  std::unordered_map<std::string, std::size_t> by_key;
  for (const auto* const plugin : mesh_plugins_) {
    if (plugin->has_targets || is_mended(*plugin)) continue;
    const auto [found, is_new] = by_key.try_emplace(key_of(*plugin), selections_.size());
    if (is_new) selections_.push_back(selection_of(*plugin));
    selections_[found->second].plugins.push_back(plugin);
    selection_of_.emplace(plugin, found->second);
  }
  for (const auto& selection : selections_) {
    for (const auto* const pods : selection.with_proxy) {
      is_selected_[static_cast<std::size_t>(pods - pods_.data())] = true;
    }
  }
}

// Where there are copies of workloads, it matters from where a plugin looks at them.
std::string Survey::key_of(const PluginManifest& plugin) const {
  auto key = fmt::format("{}\n{}\n{}\n", plugin.ns, static_cast<int>(plugin.context),
                         plugin.kind->reach == PluginReach::own_gateways);
  for (const auto& [label, value] : plugin.selector) key += fmt::format("{}={}\n", label, value);
  if (!copies_.empty()) key += directory_of(inventory_, plugin).native();
  return key;
}

Selection Survey::selection_of(const PluginManifest& plugin) const {
  Selection selection;
  const auto consider = [&](const Pods& pods) {
    const auto& workload = *pods.workload;
    const bool here = plugin.ns == kRootNamespace || plugin.ns == workload.ns;
    const bool fits = plugin.context == FilterContext::any ||
                      pods.is_gateway == (plugin.context == FilterContext::gateways);
    if (!here || !fits || !matches(plugin.selector, workload.labels)) return;
    if (is_mended(workload) || !is_nearest(plugin, workload)) return;
    selection.pods.push_back(&pods);
    // A product's own gateways are no pods of Istio's injector.
    const bool has_proxy = pods.has_proxy() || plugin.kind->reach == PluginReach::own_gateways;
    if (has_proxy) selection.with_proxy.push_back(&pods);
  };
  if (plugin.selector.empty() || plugin.ns == kRootNamespace) {
    for (const auto& pods : pods_) consider(pods);
    return selection;
  }
  const auto& [key, value] = *plugin.selector.begin();
  const auto candidates = by_label_.find(label_key(plugin.ns, key, value));
  if (candidates == by_label_.end()) return selection;
  for (const auto index : candidates->second) consider(pods_[index]);
  return selection;
}

// One workload in the directories of several environments: no cluster has them all, and a plugin
// goes to the one beside it.
bool Survey::is_nearest(const PluginManifest& plugin, const WorkloadManifest& workload) const {
  if (copies_.empty()) return true;
  const auto copies =
      copies_.find(fmt::format("{}/{}/{}", workload.kind, workload.ns, workload.name));
  if (copies == copies_.end()) return true;
  const auto from = directory_of(inventory_, plugin);
  const auto steps = [&](const WorkloadManifest* copy) {
    return common_steps(from, directory_of(inventory_, *copy));
  };
  const auto mine = steps(&workload);
  return std::ranges::all_of(copies->second, [&](const auto* copy) { return steps(copy) <= mine; });
}

const Selection* Survey::find_selection(const PluginManifest& plugin) const {
  const auto found = selection_of_.find(&plugin);
  return found == selection_of_.end() ? nullptr : &selections_[found->second];
}

// Plugins that look for one file in the same pods find the same.
void Survey::find_modules() {
  std::map<std::pair<std::size_t, std::string>, std::size_t> known;
  for (const auto* const plugin : mesh_plugins_) {
    const auto selected = selection_of_.find(plugin);
    const auto file = module_file(*plugin);
    if (selected == selection_of_.end() || file.empty()) continue;
    const auto selection = selected->second;
    const auto [group, is_first] = known.try_emplace({selection, file}, module_files_.size());
    if (is_first) module_files_.push_back({file, &selections_[selection], {}});
    module_files_[group->second].plugins.push_back(plugin);
    const auto [found, is_new] = without_module_.try_emplace({selection, file});
    if (!is_new) continue;
    for (const auto* const pods : selections_[selection].with_proxy) {
      const auto mounts = proxy_mounts(*plugin, *pods);
      const bool mounted = std::ranges::any_of(
          mounts, [&](const MountManifest* mount) { return covers(mount->path, file); });
      if (!mounted) found->second.push_back(pods);
    }
  }
}

std::vector<const MountManifest*> Survey::proxy_mounts(const PluginManifest& plugin,
                                                       const Pods& pods) const {
  if (plugin.kind->reach == PluginReach::sidecars) return pods.mounts;
  std::vector<const MountManifest*> mounts;
  mounts.reserve(pods.workload->mounts.size());
  for (const auto& mount : pods.workload->mounts) mounts.push_back(&mount);
  return mounts;
}

const std::vector<const Pods*>& Survey::without_module(const PluginManifest& plugin) const {
  static const std::vector<const Pods*> kNone;
  const auto selection = selection_of_.find(&plugin);
  if (selection == selection_of_.end()) return kNone;
  const auto found = without_module_.find({selection->second, module_file(plugin)});
  return found == without_module_.end() ? kNone : found->second;
}

bool Survey::is_selected(const Pods& pods) const {
  return is_selected_[static_cast<std::size_t>(&pods - pods_.data())];
}

// ---- what is there

const ConfigMapManifest* Survey::find_config_map(const WorkloadManifest& workload,
                                                 std::string_view name) const {
  const auto found = config_maps_.find(fmt::format("{}/{}", workload.ns, name));
  if (found == config_maps_.end()) return nullptr;
  const auto& list = found->second;
  if (list.size() == 1) return list.front();
  const auto from = directory_of(inventory_, workload);
  return *std::ranges::max_element(list, {}, [&](const auto* config_map) {
    return common_steps(from, directory_of(inventory_, *config_map));
  });
}

const NamespaceManifest* Survey::find_namespace(std::string_view name) const {
  const auto found = namespaces_.find(std::string(name));
  return found == namespaces_.end() ? nullptr : found->second;
}

const TargetManifest* Survey::find_target(std::string_view kind, std::string_view ns,
                                          std::string_view name) const {
  const auto found = targets_.find(fmt::format("{}/{}/{}", kind, ns, name));
  return found == targets_.end() ? nullptr : found->second;
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
  if (base::lower(url.substr(0, 6)) == "oci://") return url.substr(6);
  const bool is_image = !url.empty() && url.find("://") == std::string::npos &&
                        !url.starts_with('/') && !url.starts_with("file:");
  return is_image ? url : "";
}

bool covers(const std::string& path, const std::string& file) {
  return !path.empty() && (file == path || (file.starts_with(path) &&
                                            (path.ends_with('/') || file[path.size()] == '/')));
}

const json* member_of(const json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  if (const auto exact = object.find(name); exact != object.end()) return &*exact;
  const auto wanted = base::lower(name);
  for (const auto& [key, value] : object.items()) {
    if (base::lower(key) == wanted) return &value;
  }
  return nullptr;
}

}  // namespace wasmctl::kube
