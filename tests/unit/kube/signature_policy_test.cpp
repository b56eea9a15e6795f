#include "kube/render/signature_policy.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "yaml/write.hpp"

TEST_CASE("the policy that demands signatures, for Kyverno") {
  const std::string key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
  CHECK(wasmctl::yaml::write(wasmctl::kube::signature_policy(key)) ==
        R"EOF(apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata:
  name: require-signed-wasm
spec:
  failurePolicy: Fail
  validationActions:
  - Deny
  matchConstraints:
    resourceRules:
    - apiGroups:
      - extensions.istio.io
      apiVersions:
      - "*"
      operations:
      - CREATE
      - UPDATE
      resources:
      - wasmplugins
      - trafficextensions
  matchImageReferences:
  - glob: "*"
  validationConfigurations:
    mutateDigest: false
    verifyDigest: true
    required: true
  images:
  - name: wasm
    expression: "[(object.kind == 'WasmPlugin' ? object.spec.url : has(object.spec.wasm) ? object.spec.wasm.url : '')].filter(url, url != '' && (url.startsWith('oci://') || !url.contains('://'))).map(url, url.replace('oci://', '', 1))"
  attestors:
  - name: key
    cosign:
      key:
        data: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
      ctlog:
        insecureIgnoreTlog: true
        insecureIgnoreSCT: true
  validations:
  - expression: "[(object.kind == 'WasmPlugin' ? object.spec.url : has(object.spec.wasm) ? object.spec.wasm.url : '')].all(url, url == '' || url.startsWith('oci://') || !url.contains('://'))"
    message: "only an image can be signed: load the module by an oci:// url"
  - expression: "images.wasm.map(image, verifyImageSignatures(image, [attestors.key])).all(n, n > 0)"
    message: "the image is not signed with the key of this policy: `wasmctl sign`"
)EOF");
}
