#include "kube/render/pull_secret.hpp"

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "oci/reference.hpp"

namespace wasmctl::kube {

using nlohmann::ordered_json;

ordered_json pull_secret(const Identity& identity, const Login& login) {
  ordered_json auth;
  if (login.identity_token.empty()) {
    auth = {{"username", login.username},
            {"password", login.password},
            {"auth", base::base64_encode(login.username + ":" + login.password)}};
  } else {
    auth = {{"identitytoken", login.identity_token}};
  }
  const ordered_json config = {
      {"auths", {{oci::docker_config_key(login.registry), std::move(auth)}}}};
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", metadata(identity)},
          {"type", "kubernetes.io/dockerconfigjson"},
          {"data", {{".dockerconfigjson", base::base64_encode(config.dump())}}}};
}

}  // namespace wasmctl::kube
