#include "kube/mount.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ranges>

#include "kube/names.hpp"
#include "kube/render/config_map.hpp"

namespace wasmctl::kube {

using nlohmann::ordered_json;

namespace {

// `$patch: delete` finds a volume mount by its path and a volume by its name: the merge keys.
ordered_json volume_mount(const Mount& mount, Direction direction) {
  if (direction == Direction::undo) {
    return {{"mountPath", mount_path(mount)}, {"$patch", "delete"}};
  }
  return with_name(volume_name(mount), mounted_at(mount));
}

ordered_json volume(const Mount& mount, Direction direction) {
  if (direction == Direction::undo) return {{"name", volume_name(mount)}, {"$patch", "delete"}};
  return with_name(volume_name(mount), volume_source(mount));
}

ordered_json annotated_template(std::span<const Mount> mounts, Direction direction) {
  ordered_json annotations = {{kVolumeAnnotation, nullptr}, {kMountAnnotation, nullptr}};
  if (direction == Direction::add) {
    // Objects by volume name, as Istio's own template test has them: of a list the name would be
    // written twice.
    ordered_json volumes;
    ordered_json places;
    for (const auto& mount : mounts) {
      volumes[volume_name(mount)] = volume_source(mount);
      places[volume_name(mount)] = mounted_at(mount);
    }
    annotations[kVolumeAnnotation] = volumes.dump();
    annotations[kMountAnnotation] = places.dump();
  }
  return {{"metadata", {{"annotations", std::move(annotations)}}}};
}

ordered_json pod_template(std::span<const Mount> mounts, Direction direction) {
  if (mounts.front().style == MountStyle::annotations) return annotated_template(mounts, direction);
  ordered_json container = {{"name", kProxyContainer}};
  if (direction == Direction::add) container["image"] = kInjectedImage;
  auto volumes = ordered_json::array();
  for (const auto& mount : mounts) {
    container["volumeMounts"].push_back(volume_mount(mount, direction));
    volumes.push_back(volume(mount, direction));
  }
  return {{"spec",
           {{"containers", ordered_json::array({std::move(container)})},
            {"volumes", std::move(volumes)}}}};
}

}  // namespace

std::string volume_name(const Mount& mount) {
  return label_with_prefix("wasm-", mount.plugin);
}

ordered_json volume_source(const Mount& mount) {
  if (mount.source == VolumeSource::image) return {{"image", {{"reference", mount.name}}}};
  return {{"configMap", {{"name", mount.name}}}};
}

ordered_json mounted_at(const Mount& mount) {
  return {{"mountPath", mount_path(mount)}, {"readOnly", true}};
}

ordered_json with_name(const std::string& name, const ordered_json& object) {
  ordered_json item = {{"name", name}};
  item.update(object);
  return item;
}

std::string mount_path(const Mount& mount) {
  return fmt::format("/etc/wasm/{}", mount.plugin);
}

std::string module_path(const Mount& mount) {
  return fmt::format("{}/{}", mount_path(mount), kModuleKey);
}

ordered_json mount_patch(const Workload& workload, std::span<const Mount> mounts,
                         Direction direction) {
  auto patch = pod_template(mounts, direction);
  for (const auto key : std::views::reverse(workload.kind->pod_path)) {
    patch = ordered_json{{std::string(key), std::move(patch)}};
  }
  return patch;
}

}  // namespace wasmctl::kube
