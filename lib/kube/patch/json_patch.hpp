// The mount as a JSON Patch (RFC 6902), for `kubectl patch --type json` and kustomize. It names
// places, not names: where the list of volumes is, or that there is none. So it is made for one
// workload, which must be known, and each place in a list that it relies on is tested first: on
// another workload it fails, and changes nothing.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kube/mount.hpp"
#include "kube/workload.hpp"

namespace wasmctl::kube {

// Operations that mount, or take the plugins out, in the workload as it stands in `text`: a
// manifest, or what `kubectl get -o yaml` prints. None, where there is nothing to do. `ns` and
// `file` as for patch_text(), which this asks what to change and whose errors it throws;
// Error{Code::bad_input} if two workloads fit.
nlohmann::ordered_json json_patch(std::string_view text, const std::string& file,
                                  const Workload& workload, const std::optional<std::string>& ns,
                                  std::span<const Mount> mounts, Direction direction);

}  // namespace wasmctl::kube
