#include "kube/render/signature_policy.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

namespace wasmctl::kube {

namespace {

using nlohmann::ordered_json;

constexpr char kPolicyName[] = "require-signed-wasm";

// Of either kind, and empty for an extension without a module (Lua).
constexpr std::string_view kModuleUrl =
    "(object.kind == 'WasmPlugin' ? object.spec.url : has(object.spec.wasm) ? "
    "object.spec.wasm.url : '')";

// As Istio takes it: what has no scheme is an image, too, and what has another one is none.
// Source: istio pkg/wasm/cache.go, getOrFetch.
constexpr std::string_view kIsImage = "url.startsWith('oci://') || !url.contains('://')";

}  // namespace

ordered_json signature_policy(const std::string& public_key) {
  ordered_json spec;
  spec["failurePolicy"] = "Fail";
  spec["validationActions"] = {"Deny"};
  spec["matchConstraints"]["resourceRules"] = {
      {{"apiGroups", {"extensions.istio.io"}},
       {"apiVersions", {"*"}},
       {"operations", {"CREATE", "UPDATE"}},
       {"resources", {"wasmplugins", "trafficextensions"}}}};
  spec["matchImageReferences"] = {{{"glob", "*"}}};
  // Kyverno writes digests into pods only; here a tag is denied, since it may move.
  spec["validationConfigurations"] = {
      {"mutateDigest", false}, {"verifyDigest", true}, {"required", true}};
  spec["images"] = {{{"name", "wasm"},
                     {"expression", fmt::format("[{}].filter(url, url != '' && ({})).map(url, "
                                                "url.replace('oci://', '', 1))",
                                                kModuleUrl, kIsImage)}}};
  spec["attestors"] = {
      {{"name", "key"},
       {"cosign",
        {{"key", {{"data", public_key}}},
         {"ctlog", {{"insecureIgnoreTlog", true}, {"insecureIgnoreSCT", true}}}}}}};
  spec["validations"] = {
      {{"expression", fmt::format("[{}].all(url, url == '' || {})", kModuleUrl, kIsImage)},
       {"message", "only an image can be signed: load the module by an oci:// url"}},
      {{"expression",
        "images.wasm.map(image, verifyImageSignatures(image, [attestors.key])).all(n, n > 0)"},
       {"message", "the image is not signed with the key of this policy: `wasmctl sign`"}}};
  return {{"apiVersion", "policies.kyverno.io/v1"},
          {"kind", "ImageValidatingPolicy"},
          {"metadata", {{"name", kPolicyName}}},
          {"spec", std::move(spec)}};
}

}  // namespace wasmctl::kube
