// Rules about how a module gets into the proxy's container: by a volume and its mount.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "kube/check/rules/rules.hpp"
#include "kube/mount.hpp"

namespace wasmctl::kube {

namespace {

// Calls visit(plugins, file, pods) for each module that is not mounted into some proxies.
template <typename Visit>
void for_each_unmounted(const Survey& survey, const Visit& visit) {
  for (const auto& [file, selection, plugins] : survey.module_files()) {
    const auto& pods = survey.without_module(*plugins.front());
    if (!pods.empty()) visit(plugins, file, pods);
  }
}

// "plugin `a`", "plugin `a` and 2 more".
std::string describe(const std::vector<const PluginManifest*>& plugins) {
  auto text = describe(*plugins.front());
  if (plugins.size() > 1) text += fmt::format(" and {} more", plugins.size() - 1);
  return text;
}

const MountManifest* find_mount_elsewhere(const Pods& pods, const std::string& file) {
  const auto& mounts = pods.workload->mounts;
  const auto found = std::ranges::find_if(
      mounts, [&](const MountManifest& mount) { return covers(mount.path, file); });
  return found == mounts.end() ? nullptr : &*found;
}

void check_not_mounted(const Survey& survey, Report& report) {
  for_each_unmounted(survey, [&](const auto& plugins, const auto& file, auto bare) {
    std::erase_if(bare, [&](const Pods* pods) {
      // mounted-elsewhere and in-proxy-image say it.
      return find_mount_elsewhere(*pods, file) != nullptr || !pods->proxy_image.empty();
    });
    if (bare.empty()) return;
    std::vector<std::string_view> paths;
    for (const auto* const mount : bare.front()->mounts) paths.push_back(mount->path);
    report.add(bare.front()->workload->site,
               fmt::format("{} {} nothing mounted at {}, where {} {}", describe(bare),
                           bare.size() == 1 ? "has" : "have", file, describe(plugins),
                           plugins.size() == 1 ? "looks for its module" : "look for their module"),
               paths.empty() ? "mount it: `wasmctl patch`, or `wasmctl render --via configmap "
                               "--workload`"
                             : fmt::format("the proxy mounts: {}; the url is `file://` and a path "
                                           "below one of these, or mount it: `wasmctl patch`",
                                           fmt::join(paths, ", ")));
  });
}

// An image of one's own may have the module in it.
void check_in_proxy_image(const Survey& survey, Report& report) {
  for_each_unmounted(survey, [&](const auto& plugins, const auto& file, auto bare) {
    std::erase_if(bare, [&](const Pods* pods) {
      return find_mount_elsewhere(*pods, file) != nullptr || pods->proxy_image.empty();
    });
    if (bare.empty()) return;
    report.add(bare.front()->workload->site,
               fmt::format("{} {} nothing mounted at {}; is the module of {} in the image {}?",
                           describe(bare), bare.size() == 1 ? "has" : "have", file,
                           describe(plugins), bare.front()->proxy_image),
               "if it is not, mount it: `wasmctl patch`");
  });
}

void check_mounted_elsewhere(const Survey& survey, Report& report) {
  for_each_unmounted(survey, [&](const auto& plugins, const auto& file, const auto& bare) {
    for (const auto* const pods : bare) {
      const auto* const mount = find_mount_elsewhere(*pods, file);
      if (mount == nullptr) continue;
      report.add(mount->site,
                 fmt::format("the module of {} is mounted into container `{}`, which does not "
                             "load it",
                             describe(plugins), mount->container),
                 "mount it into the proxy: a container `istio-proxy` with `image: auto`, as "
                 "`wasmctl patch` writes it");
    }
  });
}

void check_mount_without_volume(const Survey& survey, Report& report) {
  for (const auto& pods : survey.pods()) {
    if (pods.own_proxy && !pods.injected) continue;
    for (const auto* const mount : pods.mounts) {
      if (std::ranges::find(pods.volumes, mount->volume, &VolumeManifest::name) !=
          pods.volumes.end()) {
        continue;
      }
      report.add(mount->site,
                 fmt::format("the proxy of {} mounts volume `{}`, which is not there",
                             describe(*pods.workload), mount->volume),
                 "the workload is accepted, but none of its pods: add the volume");
    }
  }
}

void check_volume_without_mount(const Survey& survey, Report& report) {
  for (const auto& pods : survey.pods()) {
    const auto& workload = *pods.workload;
    std::set<std::string_view> mounted;
    for (const auto& mount : workload.mounts) mounted.insert(mount.volume);
    for (const auto& mount : pods.annotated_mounts) mounted.insert(mount.volume);
    for (std::size_t place = 0; place < pods.volumes.size(); ++place) {
      const auto& volume = *pods.volumes[place];
      if (mounted.contains(volume.name)) continue;
      // Those of the annotation come after the pod's own, of which others may make use.
      const bool annotated = place >= workload.volumes.size();
      const bool holds_module = !volume.config_map.empty() || !volume.image.empty();
      const bool named = volume.name.find("wasm") != std::string::npos;
      const bool meant = holds_module && (named || survey.is_selected(pods));
      if (!annotated && !meant) continue;
      report.add(
          volume.site,
          fmt::format("volume `{}` of {} is mounted nowhere", volume.name, describe(workload)),
          "mount it into the proxy: `volumeMounts` of a container `istio-proxy`, or the "
          "annotation sidecar.istio.io/userVolumeMount");
    }
  }
}

// ---- what the API server makes of them ----------------------------------------------------------

// Calls visit(pods, mount, volume) for what the proxies of workloads mount, written there.
template <typename Visit>
void for_each_proxy_mount(const Survey& survey, const Visit& visit) {
  for (const auto& pods : survey.pods()) {
    if (pods.injected) continue;
    for (const auto& mount : pods.workload->mounts) {
      if (mount.container != kProxyContainer) continue;
      const auto& volumes = pods.workload->volumes;
      const auto volume = std::ranges::find(volumes, mount.volume, &VolumeManifest::name);
      if (volume != volumes.end()) visit(pods, mount, *volume);
    }
  }
}

// Source: Kubernetes, pkg/apis/core/validation (ValidateVolumes, ValidateVolumeMounts,
// validateContainers).
void check_volume_form(const Survey& survey, Report& report) {
  for_each_proxy_mount(survey, [&](const Pods& pods, const auto& mount, const auto& volume) {
    const auto& workload = *pods.workload;
    const bool nameless = volume.sources.front() == "configMap" && volume.config_map.empty();
    if (volume.sources.size() > 1) {
      report.add(volume.site,
                 fmt::format("volume `{}` has more than one source ({})", volume.name,
                             fmt::join(volume.sources, ", ")),
                 "a volume is made of one thing: take the others out");
    } else if (nameless) {
      report.add(volume.site, fmt::format("volume `{}` names no ConfigMap", volume.name),
                 "`configMap: {name: NAME}`");
    }
    if (std::ranges::count(workload.volumes, volume.name, &VolumeManifest::name) > 1) {
      report.add(volume.site,
                 fmt::format("{} has two volumes `{}`", describe(workload), volume.name),
                 "their names must differ");
    }
    const auto first = std::ranges::find_if(workload.mounts, [&](const auto& other) {
      return other.container == mount.container && other.path == mount.path;
    });
    if (&*first != &mount) {
      report.add(
          mount.site,
          fmt::format("the proxy of {} mounts two things at {}", describe(workload), mount.path),
          "paths must differ: mount one of them elsewhere");
    }
    if (mount.path.find(':') != std::string::npos) {
      report.add(mount.site,
                 fmt::format("`{}` has a colon, which no mountPath may have", mount.path),
                 "mount it elsewhere, for example at /etc/wasm/PLUGIN");
    }
  });
  for (const auto& pods : survey.pods()) {
    const auto& containers = pods.workload->containers;
    if (std::ranges::count(containers, kProxyContainer, &ContainerManifest::name) < 2) continue;
    report.add(pods.proxy->site,
               fmt::format("{} has two containers `istio-proxy`", describe(*pods.workload)),
               "the API server refuses it: make one of them");
  }
}

// An empty directory that nobody else mounts stays empty.
void check_mount_empty(const Survey& survey, Report& report) {
  for (const auto& [file, selection, plugins] : survey.module_files()) {
    const auto* const plugin = plugins.front();
    for (const auto* const pods : selection->with_proxy) {
      for (const auto* const mount : survey.proxy_mounts(*plugin, *pods)) {
        const auto volume = std::ranges::find(pods->volumes, mount->volume, &VolumeManifest::name);
        if (!covers(mount->path, file) || volume == pods->volumes.end()) continue;
        const auto& sources = (*volume)->sources;
        const bool empty = sources.size() == 1 && sources.front() == "emptyDir";
        const bool filled = std::ranges::any_of(pods->workload->mounts, [&](const auto& other) {
          return other.volume == mount->volume && other.container != mount->container;
        });
        if (!empty || filled) continue;
        report.add((*volume)->site,
                   fmt::format("volume `{}` of {} is an empty directory that no other container "
                               "fills, and {} looks for its module there",
                               mount->volume, describe(*pods->workload), describe(*plugin)),
                   "make it of the module's ConfigMap: `wasmctl patch`");
      }
    }
  }
}

constexpr ManifestRule kMountRules[] = {
    {"not-mounted", Severity::error,
     "a module named by file:// is mounted in every pod that the plugin selects",
     RuleScope::together, check_not_mounted},
    {"in-proxy-image", Severity::warning,
     "a module that is not mounted is in the proxy's own image", RuleScope::together,
     check_in_proxy_image},
    {"mounted-elsewhere", Severity::error, "the module is mounted into the proxy's container",
     RuleScope::together, check_mounted_elsewhere},
    {"mount-without-volume", Severity::error, "what the proxy mounts is a volume of the pod",
     RuleScope::together, check_mount_without_volume},
    {"volume-without-mount", Severity::warning, "a volume is mounted", RuleScope::together,
     check_volume_without_mount},
    {"volume-form", Severity::error, "what the proxy mounts is as the API server accepts it",
     RuleScope::together, check_volume_form},
    {"mount-empty", Severity::error, "there is something where the module should be",
     RuleScope::together, check_mount_empty},
};

}  // namespace

std::span<const ManifestRule> mount_rules() {
  return kMountRules;
}

}  // namespace wasmctl::kube
