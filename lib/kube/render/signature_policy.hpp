// The admission policy by which a cluster takes only plugins whose images are signed: Kyverno's
// ImageValidatingPolicy, since Istio verifies no signature and other controllers look at pods
// alone. Source: kyverno/api policies.kyverno.io/v1;
// kyverno.io/docs/policy-types/image-validating-policy.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace wasmctl::kube {

// Demands of each WasmPlugin and TrafficExtension of the cluster that it loads an image, by its
// digest, which the key has signed (`public_key`: PEM). No transparency log is asked. What Istio
// would load from elsewhere (http, file) has no signature, and is denied.
nlohmann::ordered_json signature_policy(const std::string& public_key);

}  // namespace wasmctl::kube
