#include "kube/render/resource_kinds.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "yaml/write.hpp"

using nlohmann::json;
using wasmctl::Error;
namespace kube = wasmctl::kube;

namespace {

const kube::ResourceKind& kind(std::string_view name) {
  const auto kinds = kube::resource_kinds();
  return **std::ranges::find(kinds, name, &kube::ResourceKind::name);
}

kube::Settings with(std::initializer_list<std::pair<const char*, const char*>> values) {
  kube::Settings settings;
  for (const auto& [key, value] : values) settings.set(key, json::parse(value), {"w.yaml:2:3"});
  return settings;
}

constexpr const char* kRoute =
    R"([{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "r"}])";

// The error's text with its hint, or nothing.
std::string refused(std::string_view name, const kube::Settings& settings) {
  try {
    kind(name).check(settings);
    return "";
  } catch (const Error& error) {
    return wasmctl::format_error(error);
  }
}

}  // namespace

TEST_CASE("EnvoyExtensionPolicy shows all that it can say") {
  const auto settings = with({{"targetRefs", kRoute},
                              {"pluginName", "\"root\""},
                              {"config", R"({"a": 1})"},
                              {"failStrategy", "\"FAIL_OPEN\""},
                              {"imagePullPolicy", "\"Always\""},
                              {"imagePullSecret", "\"regcred\""},
                              {"type", "\"HTTP\""},
                              {"phase", "\"UNSPECIFIED_PHASE\""},
                              {"priority", "0"},
                              {"vmConfig", R"({"env": [{"name": "HOME", "valueFrom": "HOST"}]})"}});
  CHECK(refused("EnvoyExtensionPolicy", settings) == "");
  const kube::Location location{"oci://ghcr.io/acme/a:v1@sha256:12", "12"};
  CHECK(wasmctl::yaml::write(
            kind("EnvoyExtensionPolicy").render({"a", "default"}, location, settings)) ==
        R"(apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata:
  name: a
  namespace: default
spec:
  targetRefs:
  - group: gateway.networking.k8s.io
    kind: HTTPRoute
    name: r
  wasm:
  - name: a
    rootID: root
    code:
      type: Image
      image:
        url: ghcr.io/acme/a:v1@sha256:12
        sha256: "12"
        pullSecretRef:
          name: regcred
      pullPolicy: Always
    config:
      a: 1
    failOpen: true
    env:
      hostKeys:
      - HOME
)");
}

TEST_CASE("what a kind cannot say is refused, with its place") {
  struct Case {
    const char* kind;
    std::pair<const char*, const char*> setting;
    const char* message;
  };
  const Case cases[] = {
      {"EnvoyExtensionPolicy",
       {"selector", R"({"matchLabels": {"a": "b"}})"},
       "error: w.yaml:2:3: `selector` cannot be said in an EnvoyExtensionPolicy\n"
       "hint: name the Gateway or the route: `--target-ref Gateway/NAME`\n"},
      {"EnvoyExtensionPolicy",
       {"failStrategy", "\"FAIL_RELOAD\""},
       "error: w.yaml:2:3: `failStrategy` cannot be said in an EnvoyExtensionPolicy\n"
       "hint: one of: FAIL_CLOSE, FAIL_OPEN\n"},
      {"EnvoyExtensionPolicy",
       {"type", "\"NETWORK\""},
       "error: w.yaml:2:3: `type` cannot be said in an EnvoyExtensionPolicy\n"
       "hint: Envoy Gateway loads HTTP filters only\n"},
      {"EnvoyExtensionPolicy",
       {"vmConfig", R"({"env": [{"name": "A", "value": "b"}]})"},
       "error: w.yaml:2:3: `vmConfig` has a variable with a value, which an EnvoyExtensionPolicy "
       "cannot set\n"
       "hint: take it from the proxy's environment (`--env-from-host NAME`), or put the value into "
       "the config\n"},
      {"EnvoyExtensionPolicy",
       {"targetRefs", R"([{"kind": "Service", "name": "s"}])"},
       "error: w.yaml:2:3: `targetRefs` names a Service, to which an EnvoyExtensionPolicy does not "
       "go\n"
       "hint: one of: Gateway, ListenerSet, HTTPRoute, GRPCRoute\n"},
      {"envoy",
       {"imagePullSecret", "\"regcred\""},
       "error: w.yaml:2:3: `imagePullSecret` cannot be said in Envoy's own configuration\n"
       "hint: Envoy itself pulls no image\n"},
      {"WasmPlugin",
       {"targetRefs", kRoute},
       "error: w.yaml:2:3: `targetRefs` names a HTTPRoute, to which a resource of Istio's does not "
       "go\n"
       "hint: one of: Gateway, GatewayClass, Service, ServiceEntry\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.setting.first);
    auto settings = with({{"targetRefs", kRoute}});
    if (std::string_view(c.kind) != "EnvoyExtensionPolicy") settings = {};
    settings.set(c.setting.first, json::parse(c.setting.second), {"w.yaml:2:3"});
    CHECK(refused(c.kind, settings) == c.message);
  }
  CHECK(refused("EnvoyExtensionPolicy", {}) ==
        "error: --target-ref is missing: an EnvoyExtensionPolicy goes to what it names\n"
        "hint: name the Gateway or the route: `--target-ref Gateway/NAME`\n");
}

TEST_CASE("a default of the plugin's that is about its order alone is left out, a flag refused") {
  using Words = std::vector<std::string>;
  auto settings = with({{"targetRefs", kRoute}, {"phase", "\"AUTHN\""}, {"priority", "1"}});
  CHECK(kind("EnvoyExtensionPolicy").check(settings) ==
        Words{"w.yaml:2:3: `phase` cannot be said in an EnvoyExtensionPolicy, and is left out: the "
              "filters are in the order of the policy's list",
              "w.yaml:2:3: `priority` cannot be said in an EnvoyExtensionPolicy, and is left out: "
              "the filters are in the order of the policy's list"});
  CHECK(kind("envoy").check(with({{"phase", "\"AUTHN\""}})) ==
        Words{"w.yaml:2:3: `phase` cannot be said in Envoy's own configuration, and is left out: "
              "the filters are in the order of the list"});
  settings.set("priority", 2, {"--priority", wasmctl::Code::usage});
  CHECK(refused("EnvoyExtensionPolicy", settings) ==
        "error: --priority: `priority` cannot be said in an EnvoyExtensionPolicy\n"
        "hint: the filters are in the order of the policy's list\n");
}

TEST_CASE("Envoy's own configuration fetches through a cluster that is named as the host") {
  const auto rendered =
      kind("envoy").render({"a", {}}, {"https://example.com:8443/a.wasm", "12"},
                           with({{"type", "\"NETWORK\""}, {"failStrategy", "\"FAIL_CLOSE\""}}));
  CHECK(wasmctl::yaml::write(rendered) == R"(name: envoy.filters.network.wasm
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm
  config:
    name: a
    failure_policy: FAIL_CLOSED
    vm_config:
      vm_id: a
      runtime: envoy.wasm.runtime.v8
      code:
        remote:
          http_uri:
            uri: https://example.com:8443/a.wasm
            cluster: example.com
            timeout: "30s"
          sha256: "12"
)");
}
