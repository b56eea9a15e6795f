// A module in a ConfigMap, and what Kubernetes holds against it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "kube/render/identity.hpp"

namespace wasmctl::kube {

using base::kMaxConfigMapBytes;

// The key of the module, hence the name of the mounted file.
inline constexpr char kModuleKey[] = "plugin.wasm";

// `NAME-HASH`: a new module gets a new ConfigMap. Envoy never reads a file a second time, so it is
// the changed name in the pod template that rolls the pods.
std::string config_map_name(std::string_view plugin, std::string_view module);

// The HASH of it.
std::string module_hash(std::string_view module);

enum class Change { immutable, allowed };

// Throws Error{Code::bad_input} if the module is beyond kMaxConfigMapBytes, with the ways out.
nlohmann::ordered_json config_map(const Identity& identity, std::string_view module, Change change);

// Client-side `kubectl apply` copies the object, as JSON, into an annotation, of which all together
// may have 262,144 bytes. What does not fit is applied with --server-side.
bool fits_client_side_apply(const nlohmann::ordered_json& object);

// The same of the size of that JSON, in bytes.
inline constexpr std::size_t kMaxAnnotationBytes = 262'144;  // TotalAnnotationSizeLimitB
bool fits_client_side_apply(std::size_t json_size);

}  // namespace wasmctl::kube
