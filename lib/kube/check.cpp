#include "kube/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/error.hpp"
#include "kube/config_map.hpp"
#include "kube/mount.hpp"
#include "kube/settings.hpp"
#include "yaml/json.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;
using yaml::Node;

using Findings = std::vector<ManifestFinding>;

constexpr std::string_view kRootNamespace = "istio-system";
constexpr std::string_view kFileScheme = "file://";
constexpr std::string_view kInjectLabel = "sidecar.istio.io/inject";
constexpr std::string_view kTemplatesAnnotation = "inject.istio.io/templates";
constexpr std::string_view kSidecarAnnotations[] = {kVolumeAnnotation, kMountAnnotation};

void add(Findings& findings, const ManifestRule& rule, const Site& site, std::string message,
         std::string hint) {
  findings.push_back({rule.name, rule.severity, site, std::move(message), std::move(hint)});
}

Site site_of(const Object& object, const Node& node) {
  return {object.site.file, node.start};
}

std::string describe(const WorkloadManifest& workload) {
  return fmt::format("{}/{}", workload.kind->command, workload.name);
}

// ---- who meets whom
// ------------------------------------------------------------------------------

bool selects(const PluginManifest& plugin, const WorkloadManifest& workload) {
  if (plugin.has_targets || (plugin.ns != kRootNamespace && plugin.ns != workload.ns)) return false;
  return std::ranges::all_of(plugin.selector, [&](const auto& label) {
    const auto found = workload.labels.find(label.first);
    return found != workload.labels.end() && found->second == label.second;
  });
}

template <typename Visit>
void for_each_selected(const Inventory& inventory, const PluginManifest& plugin,
                       const Visit& visit) {
  for (const auto& workload : inventory.workloads) {
    if (selects(plugin, workload)) visit(workload);
  }
}

// The module's path in the container, of a file:// url.
std::string module_file(const PluginManifest& plugin) {
  if (!plugin.url.starts_with("file:///")) return "";
  return plugin.url.substr(kFileScheme.size());
}

bool covers(const std::string& mount_path, const std::string& file) {
  return !mount_path.empty() &&
         (file == mount_path ||
          file.starts_with(mount_path.ends_with('/') ? mount_path : mount_path + '/'));
}

// ---- the annotations that mount
// ------------------------------------------------------------------

// What an annotation holds: objects by volume name, or a list, whose items have names (or else are
// named by their place).
std::optional<json> read_annotation(const WorkloadManifest& workload, std::string_view key) {
  const auto found = workload.annotations.find(std::string(key));
  if (found == workload.annotations.end()) return std::nullopt;
  auto value = json::parse(found->second.text, nullptr, false);
  if (value.is_discarded() || !value.is_structured()) return std::nullopt;
  if (value.is_object()) return value;
  auto by_name = json::object();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool named =
        value[i].is_object() && value[i].contains("name") && value[i]["name"].is_string();
    by_name[named ? value[i]["name"].get<std::string>() : std::to_string(i)] = value[i];
  }
  return by_name;
}

std::string member(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string()
             ? object[key].get<std::string>()
             : "";
}

// Mounts of the proxy, be they written in the pod or injected by annotation.
std::vector<MountManifest> proxy_mounts(const WorkloadManifest& workload) {
  std::vector<MountManifest> mounts;
  std::ranges::copy_if(workload.mounts, std::back_inserter(mounts), [](const MountManifest& mount) {
    return mount.container == kProxyContainer;
  });
  if (const auto injected = read_annotation(workload, kMountAnnotation)) {
    const auto& node = workload.annotations.at(kMountAnnotation);
    for (const auto& [name, mount] : injected->items()) {
      mounts.push_back(
          {kProxyContainer, name, member(mount, "mountPath"), site_of(workload, node)});
    }
  }
  return mounts;
}

std::vector<VolumeManifest> all_volumes(const WorkloadManifest& workload) {
  auto volumes = workload.volumes;
  if (const auto injected = read_annotation(workload, kVolumeAnnotation)) {
    const auto& node = workload.annotations.at(kVolumeAnnotation);
    for (const auto& [name, volume] : injected->items()) {
      const auto config_map = volume.is_object() && volume.contains("configMap")
                                  ? member(volume["configMap"], "name")
                                  : "";
      volumes.push_back({name, config_map, site_of(workload, node)});
    }
  }
  return volumes;
}

const ConfigMapManifest* find_config_map(const Inventory& inventory, std::string_view ns,
                                         std::string_view name) {
  const auto found = std::ranges::find_if(inventory.config_maps, [&](const auto& config_map) {
    return config_map.ns == ns && config_map.name == name;
  });
  return found == inventory.config_maps.end() ? nullptr : &*found;
}

// ---- rules: the plugin by itself
// -----------------------------------------------------------------

// The fields of one mapping of the manifest.
std::vector<std::string_view> known_fields(const PluginManifest& plugin, bool in_wasm) {
  const bool extension = plugin.kind == "TrafficExtension";
  std::vector<std::string_view> known;
  for (const auto& field : fields()) {
    const bool here =
        field.part == Part::spec ? !in_wasm : field.part == Part::wasm && in_wasm == extension;
    if (here) known.push_back(field.name);
  }
  if (in_wasm == extension) known.insert(known.end(), {"url", "sha256"});
  if (!in_wasm && extension) known.insert(known.end(), {"wasm", "lua"});
  if (!extension) known.insert(known.end(), {"targetRef", "verificationKey"});
  return known;
}

const Node* wasm_part(const PluginManifest& plugin) {
  return plugin.kind == "TrafficExtension" ? yaml::find(plugin.spec, "wasm") : nullptr;
}

template <typename Visit>
void for_each_field(const PluginManifest& plugin, const Visit& visit) {
  for (const auto& entry : plugin.spec.entries) visit(entry, false);
  if (const auto* const wasm = wasm_part(plugin)) {
    for (const auto& entry : wasm->entries) visit(entry, true);
  }
}

void check_unknown_field(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    for_each_field(plugin, [&](const yaml::Entry& entry, bool in_wasm) {
      const auto known = known_fields(plugin, in_wasm);
      if (std::ranges::find(known, entry.key.text) != known.end()) return;
      add(findings, rule, site_of(plugin, entry.key),
          fmt::format("{} has no field `{}`", plugin.kind, entry.key.text),
          suggest(entry.key.text, known));
    });
  }
}

void check_bad_value(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    for_each_field(plugin, [&](const yaml::Entry& entry, bool) {
      const auto field =
          std::ranges::find(fields(), std::string_view(entry.key.text), &Field::name);
      if (field == fields().end()) return;
      const bool default_phase =
          entry.value.text == "UNSPECIFIED" && plugin.kind == "TrafficExtension";
      if (default_phase && entry.key.text == "phase") return;
      try {
        Settings().set(std::string(field->shape.key), yaml::to_json(entry.value, ""), {"spec"});
      } catch (const Error& error) {
        add(findings, rule, site_of(plugin, entry.value), error.message(),
            error.hints().empty() ? "" : error.hints().front());
      }
    });
    if (plugin.has_selector && plugin.has_targets) {
      add(findings, rule, plugin.site, "has both a selector and target references",
          "a selector names pods by their labels, targetRefs gateways and services: keep one");
    }
  }
}

// What Istio makes of urls that look right.
void check_url_form(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    const auto* const node = plugin.module_field("url");
    if (node == nullptr) {
      if (plugin.kind == "WasmPlugin")
        add(findings, rule, plugin.site, "has no `url`", "name the module: `url: oci://...`");
      continue;
    }
    const auto& url = plugin.url;
    const auto site = site_of(plugin, *node);
    const auto scheme = url.substr(0, std::min(url.find("://"), url.size()));
    const auto colon = url.find(':');
    const auto slash = url.find('/');
    if (url.starts_with('/')) {
      add(findings, rule, site,
          fmt::format("`{}` is an image of Docker Hub to Istio, not a file", url),
          fmt::format("write `file://{}`", url));
    } else if (url.starts_with("file:") && !url.starts_with("file:///")) {
      add(findings, rule, site, fmt::format("`{}` is no absolute path to Istio", url),
          "write `file:///PATH`");
    } else if (scheme == url && colon < slash && slash != std::string::npos) {
      add(findings, rule, site,
          fmt::format("Istio takes what is before the port in `{}` for a scheme", url),
          fmt::format("write `oci://{}`", url));
    } else if (scheme != url && scheme != "oci" && scheme != "http" && scheme != "https" &&
               scheme != "file") {
      add(findings, rule, site, fmt::format("Istio knows no scheme `{}`", scheme),
          "one of: oci, http, https, file");
    }
  }
}

bool is_oci(const std::string& url) {
  return url.starts_with("oci://") || (!url.empty() && url.find("://") == std::string::npos &&
                                       !url.starts_with('/') && !url.starts_with("file:"));
}

void check_unpinned(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    if (!is_oci(plugin.url) || plugin.url.find("@sha256:") != std::string::npos) continue;
    if (plugin.module_field("sha256") != nullptr) continue;
    add(findings, rule, site_of(plugin, *plugin.module_field("url")),
        fmt::format("`{}` is whatever the tag names when a proxy asks", plugin.url),
        "pin it: `wasmctl render IMAGE` writes the digest");
  }
}

void check_sha256(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    const auto* const node = plugin.module_field("sha256");
    if (node == nullptr || node->text.empty()) continue;
    const bool hex = node->text.size() == 64 &&
                     node->text.find_first_not_of("0123456789abcdef") == std::string::npos;
    const auto pinned = plugin.url.find("@sha256:");
    if (!hex) {
      add(findings, rule, site_of(plugin, *node),
          fmt::format("`{}` is not 64 lower-case hex digits", node->text),
          "without `sha256:`; of an image it is the manifest's digest, of an http url the "
          "module's");
    } else if (pinned != std::string::npos && plugin.url.substr(pinned + 8) != node->text) {
      add(findings, rule, site_of(plugin, *node),
          "`sha256` and the url's digest differ: no image has both",
          "both are the digest of the image's manifest: `wasmctl render IMAGE` writes them");
    }
  }
}

// A protobuf Struct keeps doubles only.
void find_large_numbers(const Node& node, const Object& plugin, const ManifestRule& rule,
                        Findings& findings) {
  for (const auto& item : node.items) find_large_numbers(item, plugin, rule, findings);
  for (const auto& entry : node.entries) find_large_numbers(entry.value, plugin, rule, findings);
  if (node.kind != yaml::Kind::scalar || yaml::type_of(node) != yaml::ScalarType::integer) return;
  constexpr double kLargest = 9007199254740992;  // 2^53
  const auto value = yaml::value_of(node);
  const auto* const number = std::get_if<std::int64_t>(&value);
  if (number != nullptr && std::fabs(static_cast<double>(*number)) < kLargest) return;
  add(findings, rule, site_of(plugin, node),
      fmt::format("{} reaches the plugin as another number", node.text),
      "whole numbers are exact up to 2^53: write it as a string");
}

void check_config_number(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    if (const auto* const config = plugin.module_field("pluginConfig")) {
      find_large_numbers(*config, plugin, rule, findings);
    }
  }
}

// The host of an image, as a docker config names it.
std::string registry_of(const std::string& url) {
  auto rest = url.starts_with("oci://") ? url.substr(6) : url;
  const auto slash = rest.find('/');
  const auto host = rest.substr(0, std::min(slash, rest.size()));
  const bool is_host =
      slash != std::string::npos && (host.find('.') != std::string::npos ||
                                     host.find(':') != std::string::npos || host == "localhost");
  return is_host && host != "docker.io" ? host : "https://index.docker.io/v1/";
}

std::string host_of(std::string registry) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (registry.starts_with(scheme)) registry.erase(0, scheme.size());
  }
  return registry.substr(0, registry.find('/'));
}

void check_pull_secret(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    const auto* const node = plugin.module_field("imagePullSecret");
    if (node == nullptr) continue;
    const auto site = site_of(plugin, *node);
    const SecretManifest* elsewhere = nullptr;
    const SecretManifest* secret = nullptr;
    for (const auto& candidate : inventory.secrets) {
      if (candidate.name != node->text) continue;
      (candidate.ns == plugin.ns ? secret : elsewhere) = &candidate;
    }
    const auto wanted = registry_of(plugin.url);
    if (secret == nullptr && elsewhere != nullptr) {
      add(findings, rule, site,
          fmt::format("secret `{}` is in namespace {}, the plugin in {}", node->text, elsewhere->ns,
                      plugin.ns),
          "Istio looks in the plugin's namespace only");
    } else if (secret != nullptr && secret->type != "kubernetes.io/dockerconfigjson") {
      add(findings, rule, secret->site,
          fmt::format("secret `{}` has type `{}`", secret->name, secret->type),
          "Istio reads the type kubernetes.io/dockerconfigjson");
    } else if (secret != nullptr && std::ranges::find(secret->registries, host_of(wanted),
                                                      host_of) == secret->registries.end()) {
      add(findings, rule, secret->site,
          fmt::format("secret `{}` has no credentials for {}", secret->name, wanted),
          fmt::format("it has: {}", fmt::join(secret->registries, ", ")));
    }
  }
}

// ---- rules: plugins and workloads
// ----------------------------------------------------------------

void check_not_mounted(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    const auto file = module_file(plugin);
    if (file.empty()) continue;
    for_each_selected(inventory, plugin, [&](const WorkloadManifest& workload) {
      const auto covered = [&](const MountManifest& mount) { return covers(mount.path, file); };
      if (std::ranges::any_of(proxy_mounts(workload), covered)) return;
      if (std::ranges::any_of(workload.mounts, covered)) return;  // mounted-elsewhere says it
      add(findings, rule, workload.site,
          fmt::format("{} has nothing mounted at {}, where plugin `{}` looks for its module",
                      describe(workload), file, plugin.name),
          "mount it: `wasmctl patch`, or `wasmctl render --via configmap --workload`");
    });
  }
}

void check_mounted_elsewhere(const Inventory& inventory, const ManifestRule& rule,
                             Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    const auto file = module_file(plugin);
    if (file.empty()) continue;
    for_each_selected(inventory, plugin, [&](const WorkloadManifest& workload) {
      const auto covered = [&](const MountManifest& mount) { return covers(mount.path, file); };
      if (std::ranges::any_of(proxy_mounts(workload), covered)) return;
      const auto found = std::ranges::find_if(workload.mounts, covered);
      if (found == workload.mounts.end()) return;
      add(findings, rule, found->site,
          fmt::format(
              "the module of plugin `{}` is mounted into container `{}`, which does not load it",
              plugin.name, found->container),
          "mount it into the proxy: a container `istio-proxy` with `image: auto`, as `wasmctl "
          "patch` writes it");
    });
  }
}

void check_mount_without_volume(const Inventory& inventory, const ManifestRule& rule,
                                Findings& findings) {
  for (const auto& workload : inventory.workloads) {
    const auto volumes = all_volumes(workload);
    for (const auto& mount : proxy_mounts(workload)) {
      if (std::ranges::find(volumes, mount.volume, &VolumeManifest::name) != volumes.end())
        continue;
      add(findings, rule, mount.site,
          fmt::format("the proxy of {} mounts volume `{}`, which is not there", describe(workload),
                      mount.volume),
          "the workload is accepted, but none of its pods: add the volume");
    }
  }
}

void check_volume_without_mount(const Inventory& inventory, const ManifestRule& rule,
                                Findings& findings) {
  for (const auto& workload : inventory.workloads) {
    const auto injected = read_annotation(workload, kVolumeAnnotation);
    if (!injected) continue;
    const auto mounts = proxy_mounts(workload);
    for (const auto& [name, volume] : injected->items()) {
      if (std::ranges::find(mounts, name, &MountManifest::volume) != mounts.end()) continue;
      add(findings, rule, site_of(workload, workload.annotations.at(kVolumeAnnotation)),
          fmt::format("volume `{}` of {} is mounted nowhere", name, describe(workload)),
          fmt::format("name it in the annotation {} too", kMountAnnotation));
    }
  }
}

void check_config_map_namespace(const Inventory& inventory, const ManifestRule& rule,
                                Findings& findings) {
  for (const auto& workload : inventory.workloads) {
    for (const auto& volume : all_volumes(workload)) {
      if (volume.config_map.empty() ||
          find_config_map(inventory, workload.ns, volume.config_map) != nullptr)
        continue;
      const auto other =
          std::ranges::find(inventory.config_maps, volume.config_map, &ConfigMapManifest::name);
      if (other == inventory.config_maps.end()) continue;
      add(findings, rule, volume.site,
          fmt::format("ConfigMap `{}` is in namespace {}, the pods of {} in {}", volume.config_map,
                      other->ns, describe(workload), workload.ns),
          fmt::format("a volume finds ConfigMaps of the pods' namespace only: make it in {}",
                      workload.ns));
    }
  }
}

void check_config_map_key(const Inventory& inventory, const ManifestRule& rule,
                          Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    const auto file = module_file(plugin);
    if (file.empty()) continue;
    for_each_selected(inventory, plugin, [&](const WorkloadManifest& workload) {
      const auto volumes = all_volumes(workload);
      for (const auto& mount : proxy_mounts(workload)) {
        if (!covers(mount.path, file) || mount.path == file) continue;
        const auto volume = std::ranges::find(volumes, mount.volume, &VolumeManifest::name);
        if (volume == volumes.end()) continue;
        const auto* const config_map = find_config_map(inventory, workload.ns, volume->config_map);
        const auto key = file.substr(mount.path.size() + (mount.path.ends_with('/') ? 0 : 1));
        if (config_map == nullptr || config_map->keys.contains(key)) continue;
        std::vector<std::string> keys;
        keys.reserve(config_map->keys.size());
        for (const auto& [name, size] : config_map->keys) keys.push_back(name);
        add(findings, rule, site_of(plugin, *plugin.module_field("url")),
            fmt::format("ConfigMap `{}` has no key `{}`, so there is no file {}", config_map->name,
                        key, file),
            fmt::format("it has: {}", fmt::join(keys, ", ")));
      }
    });
  }
}

void check_config_map_size(const Inventory& inventory, const ManifestRule& rule,
                           Findings& findings) {
  for (const auto& config_map : inventory.config_maps) {
    std::size_t size = 0;
    for (const auto& [key, bytes] : config_map.keys) size += bytes;
    if (size <= kMaxConfigMapBytes) continue;
    add(findings, rule, config_map.site,
        fmt::format("ConfigMap `{}` has {} bytes; at most {} are accepted", config_map.name, size,
                    kMaxConfigMapBytes),
        "make the module smaller, or push it as an image: `wasmctl push`, then `wasmctl render "
        "IMAGE`");
  }
}

void check_module_as_text(const Inventory& inventory, const ManifestRule& rule,
                          Findings& findings) {
  for (const auto& config_map : inventory.config_maps) {
    for (const auto& [key, site] : config_map.text_modules) {
      add(findings, rule, site,
          fmt::format("`{}` under `data` is base64 text to the proxy, no module", key),
          "move it to `binaryData`");
    }
  }
}

// ---- rules: the annotations that mount
// -----------------------------------------------------------

void check_annotation_json(const Inventory& inventory, const ManifestRule& rule,
                           Findings& findings) {
  for (const auto& workload : inventory.workloads) {
    for (const auto key : kSidecarAnnotations) {
      const auto found = workload.annotations.find(std::string(key));
      if (found == workload.annotations.end() || read_annotation(workload, key)) continue;
      add(findings, rule, site_of(workload, found->second),
          fmt::format("{} is no JSON object", key),
          "the injector fails on it, and no pod is ever made: write {\"VOLUME\":{...}}");
    }
  }
}

constexpr std::string_view kVolumeFields[] = {
    "name",     "configMap", "secret",      "emptyDir",
    "hostPath", "projected", "downwardAPI", "persistentVolumeClaim",
    "image",    "csi",       "ephemeral",   "nfs"};
constexpr std::string_view kConfigMapFields[] = {"name", "items", "defaultMode", "optional"};
constexpr std::string_view kMountFields[] = {
    "name",        "mountPath",        "readOnly",         "subPath",
    "subPathExpr", "mountPropagation", "recursiveReadOnly"};

void check_annotation_field(const Inventory& inventory, const ManifestRule& rule,
                            Findings& findings) {
  for (const auto& workload : inventory.workloads) {
    const auto check_fields = [&](const json& object, std::span<const std::string_view> known,
                                  std::string_view key) {
      if (!object.is_object()) return;
      for (const auto& [name, value] : object.items()) {
        if (std::ranges::find(known, name) != known.end()) continue;
        add(findings, rule, site_of(workload, workload.annotations.at(std::string(key))),
            fmt::format("the injector drops `{}` in {} without a word", name, key),
            suggest(name, known));
      }
    };
    if (const auto volumes = read_annotation(workload, kVolumeAnnotation)) {
      for (const auto& [name, volume] : volumes->items()) {
        check_fields(volume, kVolumeFields, kVolumeAnnotation);
        if (volume.is_object() && volume.contains("configMap")) {
          check_fields(volume["configMap"], kConfigMapFields, kVolumeAnnotation);
        }
      }
    }
    if (const auto mounts = read_annotation(workload, kMountAnnotation)) {
      for (const auto& [name, mount] : mounts->items())
        check_fields(mount, kMountFields, kMountAnnotation);
    }
  }
}

void check_annotation_place(const Inventory& inventory, const ManifestRule& rule,
                            Findings& findings) {
  for (const auto& workload : inventory.workloads) {
    for (const auto key : kSidecarAnnotations) {
      const auto found = workload.own_annotations.find(std::string(key));
      if (found == workload.own_annotations.end()) continue;
      add(findings, rule, found->second,
          fmt::format("{} on the {} itself does nothing", key, workload.kind->kind),
          "the injector reads the pod template's annotations: move it to spec.template.metadata");
    }
  }
}

void check_gateway_annotation(const Inventory& inventory, const ManifestRule& rule,
                              Findings& findings) {
  for (const auto& workload : inventory.workloads) {
    const auto templates = workload.annotations.find(std::string(kTemplatesAnnotation));
    if (templates == workload.annotations.end() || templates->second.text != "gateway") continue;
    for (const auto key : kSidecarAnnotations) {
      const auto found = workload.annotations.find(std::string(key));
      if (found == workload.annotations.end()) continue;
      add(findings, rule, site_of(workload, found->second),
          fmt::format("a gateway's template ignores {}", key),
          "mount into its container `istio-proxy`: `wasmctl patch`");
    }
  }
}

void check_proxy_image(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& workload : inventory.workloads) {
    for (const auto& container : workload.containers) {
      if (container.name != kProxyContainer || container.image == kInjectedImage) continue;
      add(findings, rule, container.site,
          container.image
              ? fmt::format("image `{}` takes the place of Istio's proxy", *container.image)
              : "container `istio-proxy` has no image, and the API server refuses it",
          "write `image: auto`: the injector puts the right one there");
    }
  }
}

void check_injection(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    for_each_selected(inventory, plugin, [&](const WorkloadManifest& workload) {
      const auto label = workload.labels.find(std::string(kInjectLabel));
      const auto annotation = workload.annotations.find(std::string(kInjectLabel));
      const bool off =
          (label != workload.labels.end() && label->second == "false") ||
          (annotation != workload.annotations.end() && annotation->second.text == "false");
      if (!off && !workload.host_network) return;
      add(findings, rule, workload.site,
          fmt::format("the pods of {} get no proxy ({}), so plugin `{}` cannot run there",
                      describe(workload),
                      off ? "sidecar.istio.io/inject is false" : "hostNetwork is true",
                      plugin.name),
          "allow the injection, or leave the workload out of the selector");
    });
  }
}

// ---- rules: plugins among themselves
// -------------------------------------------------------------

void check_selects_nothing(const Inventory& inventory, const ManifestRule& rule,
                           Findings& findings) {
  if (inventory.workloads.empty()) return;
  for (const auto& plugin : inventory.plugins) {
    if (!plugin.has_selector || plugin.has_targets) continue;
    const bool any = std::ranges::any_of(
        inventory.workloads, [&](const auto& workload) { return selects(plugin, workload); });
    if (any) continue;
    add(findings, rule, site_of(plugin, *yaml::find(plugin.spec, "selector")),
        fmt::format("plugin `{}` selects no workload of these files in namespace {}", plugin.name,
                    plugin.ns),
        "the labels are those of the pods (spec.template.metadata.labels), the namespace is the "
        "plugin's");
  }
}

void check_root_namespace(const Inventory& inventory, const ManifestRule& rule,
                          Findings& findings) {
  for (const auto& plugin : inventory.plugins) {
    if (plugin.ns != kRootNamespace || plugin.has_selector || plugin.has_targets) continue;
    add(findings, rule, plugin.site,
        fmt::format("plugin `{}` is loaded by every proxy of the mesh", plugin.name),
        "put it into the workload's namespace, with a selector");
  }
}

void check_same_name(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  std::map<std::tuple<std::string, std::string, std::string>, const PluginManifest*> seen;
  for (const auto& plugin : inventory.plugins) {
    const auto [first, is_new] = seen.try_emplace({plugin.kind, plugin.ns, plugin.name}, &plugin);
    if (is_new) continue;
    add(findings, rule, plugin.site,
        fmt::format(
            "a second {} `{}` in namespace {}; the first is in {}", plugin.kind, plugin.name,
            plugin.ns,
            yaml::place(inventory.files[first->second->site.file], first->second->site.mark)),
        "the one that is applied last replaces the other");
  }
}

std::string order_of(const PluginManifest& plugin) {
  const auto* const phase = yaml::find(plugin.spec, "phase");
  const auto* const priority = yaml::find(plugin.spec, "priority");
  const auto name = phase == nullptr || phase->text.starts_with("UNSPECIFIED")
                        ? std::string("no phase")
                        : phase->text;
  return fmt::format("{}, priority {}", name, priority == nullptr ? "0" : priority->text);
}

void check_same_order(const Inventory& inventory, const ManifestRule& rule, Findings& findings) {
  for (const auto& workload : inventory.workloads) {
    std::map<std::string, const PluginManifest*> seen;
    for (const auto& plugin : inventory.plugins) {
      if (!selects(plugin, workload)) continue;
      const auto [first, is_new] = seen.try_emplace(order_of(plugin), &plugin);
      if (is_new || first->second->name == plugin.name) continue;
      add(findings, rule, plugin.site,
          fmt::format("plugins `{}` and `{}` of {} have the same place ({})", first->second->name,
                      plugin.name, describe(workload), first->first),
          "their names decide the order: give each a priority of its own");
    }
  }
}

constexpr ManifestRule kRules[] = {
    {"unknown-field", Severity::error, "every field is one of the kind's", check_unknown_field},
    {"bad-value", Severity::error, "every value has the form and range that Istio accepts",
     check_bad_value},
    {"url-form", Severity::error, "the url means to Istio what it seems to say", check_url_form},
    {"unpinned", Severity::warning, "an image is named by its digest", check_unpinned},
    {"sha256", Severity::error, "sha256 is 64 hex digits, and agrees with the url's digest",
     check_sha256},
    {"config-number", Severity::warning, "numbers of the config fit a double", check_config_number},
    {"pull-secret", Severity::error,
     "the pull secret is in the plugin's namespace, of the right type, for the registry",
     check_pull_secret},
    {"not-mounted", Severity::error,
     "a module named by file:// is mounted in every pod that the plugin selects",
     check_not_mounted},
    {"mounted-elsewhere", Severity::error, "the module is mounted into the proxy's container",
     check_mounted_elsewhere},
    {"mount-without-volume", Severity::error, "what the proxy mounts is a volume of the pod",
     check_mount_without_volume},
    {"volume-without-mount", Severity::warning, "an injected volume is mounted",
     check_volume_without_mount},
    {"config-map-namespace", Severity::error, "the ConfigMap is in the pods' namespace",
     check_config_map_namespace},
    {"config-map-key", Severity::error, "the ConfigMap has the file that the url names",
     check_config_map_key},
    {"config-map-size", Severity::error, "a ConfigMap has at most 1,048,576 bytes",
     check_config_map_size},
    {"module-as-text", Severity::error, "a module is under binaryData", check_module_as_text},
    {"annotation-json", Severity::error, "the annotations that mount are JSON objects",
     check_annotation_json},
    {"annotation-field", Severity::error, "the annotations that mount have Kubernetes' fields",
     check_annotation_field},
    {"annotation-place", Severity::error, "the annotations that mount are on the pod template",
     check_annotation_place},
    {"gateway-annotation", Severity::error, "a gateway's mount is not by annotation",
     check_gateway_annotation},
    {"proxy-image", Severity::error, "a container istio-proxy has `image: auto`",
     check_proxy_image},
    {"injection-off", Severity::error, "the pods that a plugin selects get a proxy",
     check_injection},
    {"selects-nothing", Severity::warning, "a selector matches a workload of the files",
     check_selects_nothing},
    {"root-namespace", Severity::warning, "a plugin for the whole mesh says whom it selects",
     check_root_namespace},
    {"same-name", Severity::error, "no two plugins have one name", check_same_name},
    {"same-order", Severity::warning, "no two plugins of a workload have one place in the chain",
     check_same_order},
};

}  // namespace

std::string_view to_string(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::span<const ManifestRule> manifest_rules() {
  return kRules;
}

std::vector<ManifestFinding> check_manifests(const Inventory& inventory) {
  Findings findings;
  for (const auto& rule : kRules) rule.check(inventory, rule, findings);
  std::ranges::sort(findings, {}, [](const ManifestFinding& finding) {
    return std::tuple(finding.site.file, finding.site.mark.line, finding.site.mark.column,
                      finding.rule, std::string_view(finding.message));
  });
  return findings;
}

}  // namespace wasmctl::kube
