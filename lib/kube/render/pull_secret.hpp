// The Secret by which a private registry lets an image be pulled: WasmPlugin's imagePullSecret,
// Envoy Gateway's pullSecretRef.
// Source: Kubernetes, "kubernetes.io/dockerconfigjson"; docker's config file, by whose keys Istio
// and Envoy Gateway look a registry up.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "kube/render/identity.hpp"

namespace wasmctl::kube {

struct Login {
  std::string registry;  // "ghcr.io"
  std::string username;
  std::string password;
  std::string identity_token;  // in place of the two
};

nlohmann::ordered_json pull_secret(const Identity& identity, const Login& login);

}  // namespace wasmctl::kube
