#include "kube/render/config_map.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/sha256.hpp"

namespace wasmctl::kube {

using nlohmann::ordered_json;

namespace {

constexpr std::size_t kNameHashDigits = 10;  // as many as kustomize and kubectl show

}  // namespace

std::string config_map_name(std::string_view plugin, std::string_view module) {
  return fmt::format("{}-{}", plugin, module_hash(module));
}

std::string module_hash(std::string_view module) {
  return base::sha256_hex(module).substr(0, kNameHashDigits);
}

ordered_json config_map(const Identity& identity, std::string_view module, Change change) {
  if (module.size() > kMaxConfigMapBytes) {
    throw Error(Code::bad_input,
                fmt::format("the module has {} bytes; a ConfigMap holds at most {}", module.size(),
                            kMaxConfigMapBytes))
        .hint(
            "make it smaller: `wasmctl build` strips names and debug information, which other "
            "tools leave in")
        .hint(
            "or push it, and let the proxy pull it: `wasmctl push MODULE IMAGE`, then "
            "`wasmctl render IMAGE`");
  }
  ordered_json object = {
      {"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", metadata(identity)}};
  if (change == Change::immutable) object["immutable"] = true;
  object["binaryData"] = {{kModuleKey, base::base64_encode(module)}};
  return object;
}

bool fits_client_side_apply(const ordered_json& object) {
  return fits_client_side_apply(object.dump().size());
}

bool fits_client_side_apply(std::size_t json_size) {
  constexpr std::string_view kKey = "kubectl.kubernetes.io/last-applied-configuration";
  constexpr std::string_view kAdded = R"("annotations":{},)";  // in what is copied, and a newline
  return kKey.size() + json_size + kAdded.size() + 1 <= kMaxAnnotationBytes;
}

}  // namespace wasmctl::kube
