#include "kube/render/identity.hpp"

#include <nlohmann/json.hpp>

namespace wasmctl::kube {

nlohmann::ordered_json metadata(const Identity& identity) {
  nlohmann::ordered_json object = {{"name", identity.name}};
  if (identity.ns) object["namespace"] = *identity.ns;
  return object;
}

}  // namespace wasmctl::kube
