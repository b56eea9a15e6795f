// Modules that other resources than Istio's two load: EnvoyFilters, and Higress' WasmPlugins.
#include <doctest/doctest.h>

#include "tests/unit/kube/checking.hpp"

using namespace checking;

namespace {

std::string filter(const std::string& value, const std::string& context = "SIDECAR_INBOUND",
                   const std::string& selector = "workloadSelector: {labels: {app: web}}") {
  return "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: a}\nspec:\n"
         "  " +
         selector +
         "\n  configPatches:\n  - applyTo: HTTP_FILTER\n    match: {context: " + context +
         "}\n    patch:\n      operation: INSERT_FIRST\n      value: " + value + "\n---\n";
}

std::string typed(const std::string& code, const std::string& type = "http.wasm.v3.Wasm") {
  return "{name: a, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters." + type +
         ", config: {vm_config: {code: " + code + "}}}}";
}

std::string higress(const std::string& spec) {
  return "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a, "
         "namespace: higress-system}\nspec: " +
         spec + "\n---\n";
}

const std::string kLocal = "{local: {filename: /etc/wasm/a/plugin.wasm}}";
const std::string kBare = workload("{containers: [{name: app}]}");
const std::string kNotMounted =
    "deployment/web has nothing mounted at /etc/wasm/a/plugin.wasm, where EnvoyFilter `a` looks "
    "for its module [not-mounted] mount it: `wasmctl patch`, or `wasmctl render --via configmap "
    "--workload`\n";

}  // namespace

TEST_CASE("check judges EnvoyFilters that load Wasm by what they share with plugins") {
  const std::string forms[] = {
      typed(kLocal),
      typed(kLocal, "network.wasm.v3.Wasm"),
      "{typedConfig: {'@type': type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm, "
      "config: {vmConfig: {code: " +
          kLocal + "}}}}",
      "{name: a, typed_config: {'@type': type.googleapis.com/udpa.type.v1.TypedStruct, type_url: "
      "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm, value: {config: {vm_config: "
      "{code: " +
          kLocal + "}}}}}",
      "{name: hcm, typed_config: {http_filters: [" + typed(kLocal) + "]}}",
  };
  for (const auto& form : forms) {
    CAPTURE(form);
    CHECK(findings(filter(form) + kBare) == "15:18 " + kNotMounted);
    CHECK(findings(filter(form) + workload(kMounted) + config_map("default", kModule)) == "");
  }
  // For others than these pods.
  CHECK(findings(filter(typed(kLocal), "GATEWAY", "priority: 1") + kBare) == "");
  CHECK(findings(filter("{name: router, typed_config: {'@type': "
                        "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}}") +
                 kBare) == "");
  CHECK(read(filter("{name: lua}")).plugins.empty());
  // Images and urls.
  const auto remote = [](const std::string& uri, const std::string& more = "") {
    return typed("{remote: {http_uri: {uri: '" + uri + "'}" + more + "}}");
  };
  CHECK(findings(filter(remote("https://a.b/c.wasm"))).find("[unpinned]") != std::string::npos);
  CHECK(findings(filter(
            remote("https://a.b/c.wasm", ", sha256: '" + std::string(64, '0') + "'"))) == "");
  CHECK(findings(filter(remote("https://a.b/c.wasm", ", sha256: x"))).find("[sha256]") !=
        std::string::npos);
  CHECK(findings(filter(remote("oci://a.b/CC:v1"))).find("[url-form]") != std::string::npos);
  // A filter has metadata, too.
  CHECK(findings("apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\nmetadata: {name: a}\n") ==
        "1:1 Istio has no networking.istio.io/v1 EnvoyFilter [unknown-kind] "
        "`networking.istio.io/v1alpha3` has EnvoyFilter\n");
}

TEST_CASE("check judges Higress' WasmPlugins by what they share with Istio's") {
  CHECK(findings(higress("{url: 'oci://a.b/cc@sha256:00', defaultConfig: {a: 1}, matchRules: "
                         "[{domain: [x], config: {}}], priority: 10, phase: AUTHN}")) == "");
  CHECK(findings(higress("{url: 'a.b/cc:v1'}")) ==
        "4:13 `a.b/cc:v1` is whatever the tag names when it is fetched [unpinned] pin it: `wasmctl "
        "render IMAGE` writes the digest\n");
  CHECK(findings(higress("{url: 'oci://a.b/CC@sha256:00'}")).find("[url-form]") !=
        std::string::npos);
  CHECK(findings(higress("{url: 'oci://a.b/cc@sha256:00', phase: FIRST}")).find("[bad-value]") !=
        std::string::npos);
  CHECK(findings(higress("{url: 'oci://a.b/cc@sha256:00', imagePullSecret: s}"))
            .find("[pull-secret-absent]") != std::string::npos);
  // Nobody of these files loads it.
  CHECK(findings(higress("{url: 'file:///etc/wasm/a/plugin.wasm'}") + kBare) == "");
}
