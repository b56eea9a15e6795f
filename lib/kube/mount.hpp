// Getting a file into the proxy's container: a volume in the pod, mounted into `istio-proxy`, which
// is written with `image: auto`. The injector merges it over the container that it adds, be that an
// ordinary one or, as a native sidecar, an init container; an injected gateway takes it too. Unlike
// the annotations of Istio it is judged by the API server, and several plugins can share it.
// Measured on Istio's webhook and a real API server.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "kube/workload.hpp"

namespace wasmctl::kube {

inline constexpr char kProxyContainer[] = "istio-proxy";
inline constexpr char kInjectedImage[] = "auto";  // "the one that the injector knows"

inline constexpr char kVolumeAnnotation[] = "sidecar.istio.io/userVolume";
inline constexpr char kMountAnnotation[] = "sidecar.istio.io/userVolumeMount";

enum class VolumeSource : std::uint8_t {
  config_map,  // that holds the module under kModuleKey
  image,       // whose layer holds it under that name: no limit of size, Kubernetes 1.33 and later
};

enum class MountStyle : std::uint8_t {
  container,    // as said above
  annotations,  // sidecar.istio.io/userVolume and userVolumeMount: for sidecars only, judged by
                // nobody, and one string each, so that a second plugin's replaces the first's
};

struct Mount {
  std::string plugin;  // its name
  VolumeSource source = VolumeSource::config_map;
  std::string name;  // of the ConfigMap, or the image's reference, without a scheme
  MountStyle style = MountStyle::container;
};

// "/etc/wasm/PLUGIN", and of the module in it.
std::string mount_path(const Mount& mount);
std::string module_path(const Mount& mount);

// "wasm-PLUGIN", cut if need be.
std::string volume_name(const Mount& mount);

// What the volume is made of, without its name; where it is mounted, likewise.
nlohmann::ordered_json volume_source(const Mount& mount);
nlohmann::ordered_json mounted_at(const Mount& mount);

// `object` as an item of a list.
nlohmann::ordered_json with_name(const std::string& name, const nlohmann::ordered_json& object);

enum class Direction { add, undo };

// A strategic-merge patch for `kubectl patch --patch-file`, of mounts in one style: no identity in
// it, so that nobody can apply it as if it were a workload, which would delete what it does not
// name. Adding twice is adding once. The undoing takes the plugins' volumes and mounts out and
// leaves the container, which another plugin may use and which does nothing by itself; of the
// annotations it takes both out.
nlohmann::ordered_json mount_patch(const Workload& workload, std::span<const Mount> mounts,
                                   Direction direction);

}  // namespace wasmctl::kube
