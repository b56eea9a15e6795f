// Rules about how a module gets into the proxy's container: ConfigMap, volume, mount.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/label.hpp"
#include "kube/check/rules/rules.hpp"
#include "kube/mount.hpp"
#include "kube/names.hpp"
#include "kube/render/config_map.hpp"

namespace wasmctl::kube {

namespace {

// Calls visit(plugin, workload, file) for each pod that looks for its module in a file.
template <typename Visit>
void for_each_file(const Survey& survey, const Visit& visit) {
  for (const auto& plugin : survey.inventory().plugins) {
    const auto file = module_file(plugin);
    if (file.empty()) continue;
    for (const auto* const workload : survey.selected(plugin)) visit(plugin, *workload, file);
  }
}

bool is_mounted(const std::vector<MountManifest>& mounts, const std::string& file) {
  return std::ranges::any_of(mounts,
                             [&](const MountManifest& mount) { return covers(mount.path, file); });
}

void check_not_mounted(const Survey& survey, Report& report) {
  for_each_file(survey, [&](const auto& plugin, const auto& workload, const auto& file) {
    const auto mounts = proxy_mounts(workload);
    if (is_mounted(mounts, file)) return;
    if (is_mounted(workload.mounts, file)) return;  // mounted-elsewhere says it
    std::vector<std::string_view> paths;
    paths.reserve(mounts.size());
    for (const auto& mount : mounts) paths.push_back(mount.path);
    report.add(workload.site,
               fmt::format("{} has nothing mounted at {}, where plugin `{}` looks for its module",
                           describe(workload), file, plugin.name),
               paths.empty() ? "mount it: `wasmctl patch`, or `wasmctl render --via configmap "
                               "--workload`"
                             : fmt::format("the proxy mounts: {}; the url is `file://` and a path "
                                           "below one of these, or mount it: `wasmctl patch`",
                                           fmt::join(paths, ", ")));
  });
}

void check_mounted_elsewhere(const Survey& survey, Report& report) {
  for_each_file(survey, [&](const auto& plugin, const auto& workload, const auto& file) {
    if (is_mounted(proxy_mounts(workload), file)) return;
    const auto found = std::ranges::find_if(
        workload.mounts, [&](const MountManifest& mount) { return covers(mount.path, file); });
    if (found == workload.mounts.end()) return;
    report.add(found->site,
               fmt::format("the module of plugin `{}` is mounted into container `{}`, which does "
                           "not load it",
                           plugin.name, found->container),
               "mount it into the proxy: a container `istio-proxy` with `image: auto`, as `wasmctl "
               "patch` writes it");
  });
}

void check_mount_without_volume(const Survey& survey, Report& report) {
  for (const auto& workload : survey.inventory().workloads) {
    const auto volumes = all_volumes(workload);
    const auto check = [&](const MountManifest& mount, const std::string& whose) {
      const auto found = std::ranges::find(volumes, mount.volume, &VolumeManifest::name);
      if (found != volumes.end()) return;
      report.add(mount.site,
                 fmt::format("{} mounts volume `{}`, which is not there", whose, mount.volume),
                 "the workload is accepted, but none of its pods: add the volume");
    };
    if (has_own_proxy(workload)) continue;
    for (const auto& mount : proxy_mounts(workload)) {
      check(mount, fmt::format("the proxy of {}", describe(workload)));
    }
  }
}

void check_volume_without_mount(const Survey& survey, Report& report) {
  const auto& workloads = survey.inventory().workloads;
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    const auto& workload = workloads[i];
    std::set<std::string_view> mounted;
    for (const auto& mount : workload.mounts) mounted.insert(mount.volume);
    const auto injected = proxy_mounts(workload);
    for (const auto& mount : injected) mounted.insert(mount.volume);
    const auto volumes = all_volumes(workload);
    for (std::size_t place = 0; place < volumes.size(); ++place) {
      const auto& volume = volumes[place];
      if (mounted.contains(volume.name)) continue;
      // Those of the annotation stand behind the pod's own, of which others may make use.
      const bool annotated = place >= workload.volumes.size();
      const bool holds_module = !volume.config_map.empty() || !volume.image.empty();
      const bool named = volume.name.find("wasm") != std::string::npos;
      const bool meant = holds_module && (named || !survey.plugins_of()[i].empty());
      if (!annotated && !meant) continue;
      report.add(
          volume.site,
          fmt::format("volume `{}` of {} is mounted nowhere", volume.name, describe(workload)),
          "mount it into the proxy: `volumeMounts` of a container `istio-proxy`, or the "
          "annotation sidecar.istio.io/userVolumeMount");
    }
  }
}

// ---- ConfigMaps
// ----------------------------------------------------------------------------------

void check_config_map_namespace(const Survey& survey, Report& report) {
  const auto& config_maps = survey.inventory().config_maps;
  for (const auto& workload : survey.inventory().workloads) {
    for (const auto& volume : all_volumes(workload)) {
      if (volume.config_map.empty() ||
          survey.find_config_map(workload.ns, volume.config_map) != nullptr) {
        continue;
      }
      const auto other =
          std::ranges::find(config_maps, volume.config_map, &ConfigMapManifest::name);
      if (other == config_maps.end()) continue;
      report.add(
          volume.site,
          fmt::format("ConfigMap `{}` is in namespace {}, the pods of {} in {}", volume.config_map,
                      other->ns, describe(workload), workload.ns),
          fmt::format("a volume finds ConfigMaps of the pods' namespace only: make it in {}{}",
                      workload.ns, assumption({&workload, &*other})));
    }
  }
}

// The key that becomes `file`, seen through the mount and the volume's items; nothing where that
// cannot be told.
std::optional<std::string> key_of(const MountManifest& mount, const VolumeManifest& volume,
                                  const std::string& file) {
  auto path = mount.sub_path;
  if (mount.path != file) {
    const auto below = file.substr(mount.path.size() + (mount.path.ends_with('/') ? 0 : 1));
    path += (path.empty() ? "" : "/") + below;
  }
  if (path.empty()) return std::nullopt;  // the directory itself is where the file should be
  if (!volume.items) return path;
  const auto item = volume.items->find(path);
  return item == volume.items->end() ? std::nullopt : std::optional(item->second);
}

void check_config_map_key(const Survey& survey, Report& report) {
  for_each_file(survey, [&](const auto& plugin, const auto& workload, const auto& file) {
    const auto volumes = all_volumes(workload);
    const auto site = site_of(plugin, *plugin.module_field("url"));
    for (const auto& mount : proxy_mounts(workload)) {
      if (!covers(mount.path, file)) continue;
      const auto volume = std::ranges::find(volumes, mount.volume, &VolumeManifest::name);
      if (volume == volumes.end() || volume->config_map.empty()) continue;
      const auto key = key_of(mount, *volume, file);
      if (!key) {
        report.add(
            site,
            mount.path == file
                ? fmt::format("{} is a directory in the proxy of {}", file, describe(workload))
                : fmt::format("no item of volume `{}` has the path of {}", volume->name, file),
            mount.path == file ? "name a file in it, or mount the file by `subPath`"
                               : "an item's `path` is the file's name in the volume");
        continue;
      }
      const auto* const config_map = survey.find_config_map(workload.ns, volume->config_map);
      if (config_map == nullptr || config_map->keys.contains(*key)) continue;
      std::vector<std::string> keys;
      keys.reserve(config_map->keys.size());
      for (const auto& [name, size] : config_map->keys) keys.push_back(name);
      report.add(site,
                 fmt::format("ConfigMap `{}` has no key `{}`, so there is no file {}",
                             config_map->name, *key, file),
                 keys.empty() ? "it has none" : fmt::format("it has: {}", fmt::join(keys, ", ")));
    }
  });
}

void check_config_map_size(const Survey& survey, Report& report) {
  for (const auto& config_map : survey.inventory().config_maps) {
    std::size_t size = 0;
    for (const auto& [key, bytes] : config_map.keys) size += bytes;
    if (size <= kMaxConfigMapBytes) continue;
    report.add(config_map.site,
               fmt::format("ConfigMap `{}` has {} bytes; at most {} are accepted", config_map.name,
                           size, kMaxConfigMapBytes),
               "make the module smaller, or push it as an image: `wasmctl push`, then `wasmctl "
               "render IMAGE`");
  }
}

void check_module_as_text(const Survey& survey, Report& report) {
  for (const auto& config_map : survey.inventory().config_maps) {
    for (const auto& [key, site] : config_map.text_modules) {
      report.add(site, fmt::format("`{}` under `data` is base64 text to the proxy, no module", key),
                 "move it to `binaryData`");
    }
  }
}

// ---- the proxy's container
// -----------------------------------------------------------------------

void check_proxy_image(const Survey& survey, Report& report) {
  for (const auto& workload : survey.inventory().workloads) {
    const auto off = why_not_injected(survey, workload);
    for (const auto& container : workload.containers) {
      if (container.name != kProxyContainer) continue;
      if (container.image == kInjectedImage) {
        if (!off) continue;
        report.add(
            container.site,
            fmt::format("`image: auto` stays as it is ({}), and no such image can be pulled", *off),
            "allow the injection of these pods, or take the container out");
      } else if (!container.image) {
        report.add(container.site,
                   "container `istio-proxy` has no image, and the API server refuses it",
                   "write `image: auto`: the injector puts the right one there");
      } else if (!off) {  // where nothing is injected it is a proxy made by hand
        report.add(container.site,
                   fmt::format("image `{}` takes the place of Istio's proxy", *container.image),
                   "write `image: auto`: the injector puts the right one there");
      }
    }
  }
}

// Source: istio manifests/charts/istio-control/istio-discovery/files/injection-template.yaml.
constexpr std::string_view kIstioVolumes[] = {
    "workload-socket", "credential-socket", "workload-certs", "istio-envoy", "istio-data",
    "istio-podinfo",   "istio-token",       "istiod-ca-cert", "istio-ca-crl"};
constexpr std::string_view kIstioPaths[] = {"/var/run/secrets/workload-spiffe-uds",
                                            "/var/run/secrets/credential-uds",
                                            "/var/run/secrets/workload-spiffe-credentials",
                                            "/var/run/secrets/istio",
                                            "/var/lib/istio/data",
                                            "/etc/istio/proxy",
                                            "/var/run/secrets/tokens",
                                            "/etc/istio/pod"};

void check_reserved(const Survey& survey, Report& report) {
  for (const auto& workload : survey.inventory().workloads) {
    if (has_own_proxy(workload)) continue;
    for (const auto& mount : proxy_mounts(workload)) {
      const auto path = mount.path.substr(0, mount.path.find_last_not_of('/') + 1);
      if (std::ranges::find(kIstioVolumes, mount.volume) != std::end(kIstioVolumes)) {
        report.add(
            mount.site,
            fmt::format("volume `{}` is one of Istio's own, so no pod is made", mount.volume),
            "give it another name, for example `wasm-PLUGIN`");
      } else if (const auto why = base::refuse_label(mount.volume)) {
        report.add(mount.site, fmt::format("a volume's name {}", *why),
                   "the workload is accepted, but none of its pods: give it another name");
      }
      if (std::ranges::find(kIstioPaths, path) != std::end(kIstioPaths)) {
        report.add(mount.site,
                   fmt::format("{} is mounted by Istio itself, so no pod is made", path),
                   "mount it elsewhere, for example at /etc/wasm/PLUGIN");
      }
    }
  }
}

constexpr ManifestRule kMountRules[] = {
    {"not-mounted", Severity::error,
     "a module named by file:// is mounted in every pod that the plugin selects",
     check_not_mounted},
    {"mounted-elsewhere", Severity::error, "the module is mounted into the proxy's container",
     check_mounted_elsewhere},
    {"mount-without-volume", Severity::error, "what the proxy mounts is a volume of the pod",
     check_mount_without_volume},
    {"volume-without-mount", Severity::warning, "a volume is mounted", check_volume_without_mount},
    {"config-map-namespace", Severity::error, "the ConfigMap is in the pods' namespace",
     check_config_map_namespace},
    {"config-map-key", Severity::error, "the ConfigMap has the file that the url names",
     check_config_map_key},
    {"config-map-size", Severity::error, "a ConfigMap has at most 1,048,576 bytes",
     check_config_map_size},
    {"module-as-text", Severity::error, "a module is under binaryData", check_module_as_text},
    {"proxy-image", Severity::error, "a container istio-proxy has `image: auto`, and is injected",
     check_proxy_image},
    {"reserved-name", Severity::error, "volumes and paths are none of Istio's own", check_reserved},
};

}  // namespace

std::span<const ManifestRule> mount_rules() {
  return kMountRules;
}

}  // namespace wasmctl::kube
