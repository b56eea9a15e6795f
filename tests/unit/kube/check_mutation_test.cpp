// check's recall: correct sets of manifests, and one fault in each of their copies. What is right
// has no finding; what is wrong has those that name the fault, in whole.
#include <doctest/doctest.h>

#include "tests/unit/kube/checking.hpp"

using namespace checking;

namespace {

const std::string kFile = R"(apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: tally-0a1b2c3d4e, namespace: shop}
binaryData: {plugin.wasm: MODULE}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: tally, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  url: file:///etc/wasm/tally/plugin.wasm
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
      - {name: cart, image: "shop/cart:3"}
      - name: istio-proxy
        image: auto
        volumeMounts: [{name: wasm, mountPath: /etc/wasm/tally}]
      volumes: [{name: wasm, configMap: {name: tally-0a1b2c3d4e}}]
---
)";

const std::string kAnnotated = R"(apiVersion: v1
kind: ConfigMap
metadata: {name: tally-0a1b2c3d4e, namespace: shop}
binaryData: {plugin.wasm: MODULE}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: tally, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  url: file:///etc/wasm/tally/plugin.wasm
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: cart}
      annotations:
        sidecar.istio.io/userVolume: '{"wasm":{"configMap":{"name":"tally-0a1b2c3d4e"}}}'
        sidecar.istio.io/userVolumeMount: '{"wasm":{"mountPath":"/etc/wasm/tally"}}'
    spec:
      containers:
      - {name: cart, image: "shop/cart:3"}
---
)";

const std::string kImage = R"(apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Secret
metadata: {name: cred, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths":{"a.b":{"auth":"YTpi"}}}'}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: tally, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  url: oci://a.b/tally@sha256:00
  imagePullSecret: cred
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart, image: "shop/cart:3"}]}
---
)";

const std::string kGateway = R"(apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: door, namespace: shop}
spec: {gatewayClassName: istio, listeners: [{name: web, port: 80, protocol: HTTP}]}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: tally, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: door}]
  url: oci://a.b/tally@sha256:00
---
)";

const std::string kService = R"(apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: way, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: way}}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: tally, namespace: shop}
spec:
  targetRefs: [{kind: Service, name: cart}]
  url: oci://a.b/tally@sha256:00
---
)";

const std::string kPolicy = R"(apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: door, namespace: shop}
spec: {gatewayClassName: eg, listeners: [{name: web, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: carts, namespace: shop, labels: {tier: web}}
spec: {parentRefs: [{name: door}], rules: [{name: main}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: authority, namespace: shop}
data: {ca.crt: text}
---
apiVersion: v1
kind: Secret
metadata: {name: cred, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths":{"a.b":{"auth":"YTpi"}}}'}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata: {name: tally, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: door, sectionName: web}]
  wasm:
  - code:
      type: Image
      image:
        url: a.b/tally@sha256:00
        pullSecretRef: {name: cred}
        tls: {caCertificateRef: {kind: ConfigMap, name: authority}}
---
)";

const std::string kGranted = R"(apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: door, namespace: shop}
spec: {gatewayClassName: eg, listeners: [{name: web, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: carts, namespace: shop, labels: {tier: web}}
spec: {parentRefs: [{name: door}], rules: [{name: main}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: authority, namespace: shop}
data: {ca.crt: text}
---
apiVersion: v1
kind: Secret
metadata: {name: cred, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths":{"a.b":{"auth":"YTpi"}}}'}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata: {name: tally, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: door, sectionName: web}]
  wasm:
  - code:
      type: Image
      image:
        url: a.b/tally@sha256:00
        pullSecretRef: {name: cred}
        tls: {caCertificateRef: {namespace: till, name: cert}}
---
apiVersion: v1
kind: Secret
metadata: {name: cert, namespace: till}
data: {ca.crt: AA==}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: cert, namespace: till}
spec:
  from: [{group: gateway.envoyproxy.io, kind: EnvoyExtensionPolicy, namespace: shop}]
  to: [{group: '', kind: Secret}]
---
)";

const std::string kFilter = R"(apiVersion: v1
kind: ConfigMap
metadata: {name: tally-0a1b2c3d4e, namespace: shop}
binaryData: {plugin.wasm: MODULE}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: tally, namespace: shop}
spec:
  workloadSelector: {labels: {app: cart}}
  configPatches:
  - applyTo: HTTP_FILTER
    match: {context: SIDECAR_INBOUND}
    patch:
      operation: INSERT_BEFORE
      value:
        name: tally
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
          config:
            rootId: tally
            configuration: {"@type": type.googleapis.com/google.protobuf.StringValue, value: "{}"}
            vm_config:
              runtime: envoy.wasm.runtime.v8
              code: {local: {filename: /etc/wasm/tally/plugin.wasm}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
      - {name: cart, image: "shop/cart:3"}
      - name: istio-proxy
        image: auto
        volumeMounts: [{name: wasm, mountPath: /etc/wasm/tally}]
      volumes: [{name: wasm, configMap: {name: tally-0a1b2c3d4e}}]
---
)";

const std::string kDiscovery = R"(apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: tally, namespace: shop}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    patch:
      operation: INSERT_BEFORE
      value:
        name: tally
        config_discovery:
          config_source: {ads: {}}
          type_urls: [type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm]
  - applyTo: EXTENSION_CONFIG
    patch:
      operation: ADD
      value:
        name: tally
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
          config:
            vm_config:
              runtime: envoy.wasm.runtime.v8
              code: {remote: {http_uri: {uri: "oci://a.b/tally@sha256:00", cluster: x, timeout: 9s}}}
---
)";

const std::string kHigress = R"(apiVersion: v1
kind: ConfigMap
metadata: {name: tally-0a1b2c3d4e, namespace: shop}
binaryData: {plugin.wasm: MODULE}
---
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: tally, namespace: shop}
spec:
  selector: {matchLabels: {app: gate}}
  url: file:///etc/wasm/tally/plugin.wasm
  defaultConfig: {a: 1}
  matchRules: [{ingress: [shop/cart], config: {a: 2}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gate, namespace: shop}
spec:
  template:
    metadata: {labels: {app: gate, sidecar.istio.io/inject: "false"}}
    spec:
      containers: [{name: gateway, image: "g/g:2", volumeMounts: [{name: wasm, mountPath: /etc/wasm/tally}]}]
      volumes: [{name: wasm, configMap: {name: tally-0a1b2c3d4e}}]
---
)";

// A fault: what stands in a correct set, what comes in its place (behind it all, where nothing is
// named), and what check says then.
struct Fault {
  const std::string& set;
  std::string from;
  std::string to;
  std::string findings;
};

void put(std::string& text, const std::string& from, const std::string& to) {
  if (from.empty()) {
    text += to;
    return;
  }
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
}

// "MESSAGE [RULE]", a line each.
std::string said_of(std::string text) {
  constexpr std::string_view kPlace = "MODULE";
  const std::string data = kModule;
  const auto begin = data.find("AGFzbQ");
  const auto module = data.substr(begin, data.find('}') - begin);
  for (auto at = text.find(kPlace); at != std::string::npos; at = text.find(kPlace)) {
    text.replace(at, kPlace.size(), module);
  }
  std::string said;
  for (const auto& finding : kube::check_manifests(read({{"stdin", text}}))) {
    rules_seen.insert(finding.rule);
    said += fmt::format("{} [{}]\n", shorten(finding.message), finding.rule);
  }
  return said;
}

}  // namespace

TEST_CASE("check finds each fault in a set of manifests, and none in the set") {
  for (const auto* const set : {&kFile, &kAnnotated, &kImage, &kGateway, &kService, &kPolicy,
                                &kGranted, &kFilter, &kDiscovery, &kHigress}) {
    CAPTURE(*set);
    CHECK(said_of(*set) == "");
  }
  const Fault faults[] = {
      {kFile, "labels: {istio-injection: enabled}", "labels: {istio-injection: 'true'}",
       "the pods of deployment/cart get no proxy (namespace shop has istio-injection: true), so "
       "plugin `tally` cannot run there [injection-off]\n"
       "`image: auto` stays as it is (namespace shop has istio-injection: true), and no such image "
       "can be pulled [proxy-image]\n"},
      {kFile,
       "{app: cart}}\n"
       "    spec",
       "{app: cart, sidecar.istio.io/inject: 'no'}}\n"
       "    spec",
       "the pods of deployment/cart get no proxy (sidecar.istio.io/inject is no), so plugin "
       "`tally` cannot run there [injection-off]\n"
       "`image: auto` stays as it is (sidecar.istio.io/inject is no), and no such image can be "
       "pulled [proxy-image]\n"},
      {kFile,
       "    spec:\n"
       "      containers",
       "    spec:\n"
       "      hostNetwork: True\n"
       "      containers",
       "the pods of deployment/cart get no proxy (hostNetwork is true), so plugin `tally` cannot "
       "run there [injection-off]\n"
       "`image: auto` stays as it is (hostNetwork is true), and no such image can be pulled "
       "[proxy-image]\n"},
      {kFile, "tally-0a1b2c3d4e, namespace: shop", "tally-5b2c81d0aa, namespace: shop",
       "deployment/cart mounts ConfigMap `tally-0a1b2c3d4e` for plugin `tally`, but the files have "
       "`tally-5b2c81d0aa` [config-map-stale]\n"},
      {kFile, "tally-0a1b2c3d4e, namespace: shop", "tally-0a1b2c3d4e, namespace: till",
       "ConfigMap `tally-0a1b2c3d4e` is in namespace till, the pods of deployment/cart in shop "
       "[config-map-namespace]\n"},
      {kFile,
       "WasmPlugin\n"
       "metadata: {name: tally, namespace: shop}",
       "WasmPlugin\n"
       "metadata: {name: tally, namespace: till}",
       "plugin `tally` is in namespace till, where it selects nothing; deployment/cart is in shop "
       "[other-namespace]\n"},
      {kFile, "matchLabels: {app: cart}", "matchLabels: {app: crat}",
       "plugin `tally` selects no workload of these files [selects-nothing]\n"},
      {kFile, "wasm/tally/plugin", "wasm/other/plugin",
       "deployment/cart has nothing mounted at /etc/wasm/other/plugin.wasm, where plugin `tally` "
       "looks for its module [not-mounted]\n"},
      {kFile, "tally/plugin.wasm\n", "tally/filter.wasm\n",
       "ConfigMap `tally-0a1b2c3d4e` has no key `filter.wasm`, so there is no file "
       "/etc/wasm/tally/filter.wasm [config-map-key]\n"},
      {kFile, "mountPath: /etc/wasm/tally}", "mountPath: '/etc/wasm:tally'}",
       "deployment/cart has nothing mounted at /etc/wasm/tally/plugin.wasm, where plugin `tally` "
       "looks for its module [not-mounted]\n"
       "`/etc/wasm:tally` has a colon, which no mountPath may have [volume-form]\n"},
      {kFile,
       "- name: istio-proxy\n"
       "        image: auto",
       "- name: cart2\n"
       "        image: x",
       "the module of plugin `tally` is mounted into container `cart2`, which does not load it "
       "[mounted-elsewhere]\n"},
      {kFile, "        image: auto\n", "        image: istio/proxyv2:1\n",
       "image `istio/proxyv2:1` takes the place of Istio's proxy [proxy-image]\n"},
      {kFile, "[{name: wasm, mountPath", "[{name: wasn, mountPath",
       "the proxy of deployment/cart mounts volume `wasn`, which is not there "
       "[mount-without-volume]\n"
       "volume `wasm` of deployment/cart is mounted nowhere [volume-without-mount]\n"},
      {kFile, "volumes: [{name: wasm, configMap: {name: tally-0a1b2c3d4e}}]",
       "volumes: [{name: wasm, emptyDir: {}}]",
       "volume `wasm` of deployment/cart is an empty directory that no other container fills, and "
       "plugin `tally` looks for its module there [mount-empty]\n"},
      {kFile, "volumes: [{name: wasm, configMap: {name: tally-0a1b2c3d4e}}]",
       "volumes: [{name: wasm}]",
       "volume `wasm` of deployment/cart is an empty directory that no other container fills, and "
       "plugin `tally` looks for its module there [mount-empty]\n"},
      {kFile, "volumes: [{name: wasm, configMap: {name: tally-0a1b2c3d4e}}]",
       "volumes: [{name: wasm, configMap: {name: tally-0a1b2c3d4e}, emptyDir: {}}]",
       "volume `wasm` has more than one source (configMap, emptyDir) [volume-form]\n"},
      {kFile, "configMap: {name: tally-0a1b2c3d4e}", "configMap: {configMapName: tally-0a1b2c3d4e}",
       "volume `wasm` names no ConfigMap [volume-form]\n"},
      {kFile, "volumes: [", "volumes: [{name: wasm, emptyDir: {}}, ",
       "volume `wasm` of deployment/cart is an empty directory that no other container fills, and "
       "plugin `tally` looks for its module there [mount-empty]\n"
       "deployment/cart has two volumes `wasm` [volume-form]\n"},
      {kFile, "/etc/wasm/tally}]",
       "/etc/wasm/tally}, {name: wasm, mountPath: /etc/wasm/tally, readOnly: true}]",
       "the proxy of deployment/cart mounts two things at /etc/wasm/tally [volume-form]\n"},
      {kFile, "      volumes:",
       "      - {name: istio-proxy, image: auto}\n"
       "      volumes:",
       "deployment/cart has two containers `istio-proxy` [volume-form]\n"},
      {kFile, "{name: tally-0a1b2c3d4e}}",
       "{name: tally-0a1b2c3d4e, items: [{key: other.wasm, path: plugin.wasm}]}}",
       "ConfigMap `tally-0a1b2c3d4e` has no key `other.wasm`, so there is no file "
       "/etc/wasm/tally/plugin.wasm [config-map-key]\n"},
      {kFile, "{name: wasm, mountPath: /etc/wasm/tally}",
       "{name: istio-data, mountPath: /etc/wasm/tally}",
       "the proxy of deployment/cart mounts volume `istio-data`, which is not there "
       "[mount-without-volume]\n"
       "volume `istio-data` is one of Istio's own, so no pod is made [reserved-name]\n"
       "volume `wasm` of deployment/cart is mounted nowhere [volume-without-mount]\n"},
      {kFile, "binaryData: {plugin.wasm: MODULE}", "binaryData: {plugin.wasm: aGVsbG8=}",
       "`plugin.wasm` of ConfigMap `tally-0a1b2c3d4e`: not a Wasm module but a text file "
       "[config-map-module]\n"},
      {kFile, "binaryData: {plugin.wasm: MODULE}",
       "binaryData: {plugin.wasm: MODULE}\n"
       "data: {plugin.wasm: x}",
       "`plugin.wasm` is under `data` and under `binaryData` [config-map-form]\n"},
      {kFile, "binaryData: {plugin.wasm: MODULE}",
       "binaryData: {plugin.wasm: MODULE}\n"
       "data: {port: 80}",
       "`port` under `data` must be a string [config-map-form]\n"},
      {kFile, "binaryData: {plugin.wasm: MODULE}", "binaryData: {plugin.wasm: MODULE, a/b: AA==}",
       "a key of `binaryData` must be 1 to 253 letters, digits, `-`, `_` and `.`, and no path, not "
       "`a/b` [config-map-form]\n"},
      {kFile,
       "apiVersion: v1\n"
       "kind: ConfigMap\n"
       "metadata: {name: tally-0a1b2c3d4e, namespace: shop}\n"
       "binaryData: {plugin.wasm: MODULE}\n"
       "---\n",
       "apiVersion: v1\n"
       "kind: ConfigMap\n"
       "metadata: {name: tally-0a1b2c3d4e, namespace: shop}\n"
       "binaryData: {plugin.wasm: MODULE}\n"
       "---\n"
       "apiVersion: v1\n"
       "kind: ConfigMap\n"
       "metadata: {name: tally-0a1b2c3d4e, namespace: shop}\n"
       "binaryData: {plugin.wasm: MODULE}\n"
       "---\n",
       "a second ConfigMap `tally-0a1b2c3d4e` in namespace shop; the first is in stdin:7:18 "
       "[same-name]\n"},
      {kFile,
       "apiVersion: extensions.istio.io/v1alpha1\n"
       "kind: WasmPlugin\n"
       "metadata: {name: tally, namespace: shop}\n"
       "spec:\n"
       "  selector: {matchLabels: {app: cart}}\n"
       "  url: file:///etc/wasm/tally/plugin.wasm\n"
       "---\n",
       "apiVersion: extensions.istio.io/v1alpha1\n"
       "kind: WasmPlugin\n"
       "metadata: {name: tally, namespace: shop}\n"
       "spec:\n"
       "  selector: {matchLabels: {app: cart}}\n"
       "  url: file:///etc/wasm/tally/plugin.wasm\n"
       "---\n"
       "apiVersion: extensions.istio.io/v1alpha1\n"
       "kind: WasmPlugin\n"
       "metadata: {name: tally, namespace: shop}\n"
       "spec:\n"
       "  selector: {matchLabels: {app: cart}}\n"
       "  url: file:///etc/wasm/tally/plugin.wasm\n"
       "---\n",
       "a second WasmPlugin `tally` in namespace shop; the first is in stdin:12:18 [same-name]\n"},
      {kFile,
       "plugin.wasm\n"
       "---",
       "plugin.wasm\n"
       "  imagePullSecret: cred\n"
       "---",
       "`imagePullSecret` does nothing beside a file:// url: it is for images [pull-unused]\n"},
      {kFile,
       "plugin.wasm\n"
       "---",
       "plugin.wasm\n"
       "  imagePullPolicy: Always\n"
       "---",
       "`imagePullPolicy` does nothing beside a file:// url [pull-unused]\n"},
      {kAnnotated, "{\"wasm\":{\"configMap\":", "{\"wasm\":{\"comfigMap\":",
       "the injector drops `comfigMap` in sidecar.istio.io/userVolume without a word "
       "[annotation-field]\n"},
      {kAnnotated, "\"mountPath\":\"/etc/wasm/tally\"", "\"mountPath\":\"/etc/wasm/taly\"",
       "deployment/cart has nothing mounted at /etc/wasm/tally/plugin.wasm, where plugin `tally` "
       "looks for its module [not-mounted]\n"},
      {kAnnotated, "userVolumeMount: '{\"wasm\"", "userVolumeMount: '{\"wasn\"",
       "volume `wasm` of deployment/cart is mounted nowhere [volume-without-mount]\n"
       "the proxy of deployment/cart mounts volume `wasn`, which is not there "
       "[mount-without-volume]\n"},
      {kAnnotated, "\"tally-0a1b2c3d4e\"}}}", "\"tally-0a1b2c3d4e\"}}",
       "sidecar.istio.io/userVolume is no JSON object [annotation-json]\n"
       "the proxy of deployment/cart mounts volume `wasm`, which is not there "
       "[mount-without-volume]\n"},
      {kAnnotated, "userVolume:", "userVolumes:",
       "Istio has no annotation sidecar.istio.io/userVolumes [annotation-name]\n"
       "the proxy of deployment/cart mounts volume `wasm`, which is not there "
       "[mount-without-volume]\n"},
      {kAnnotated, "      annotations:",
       "      annotations:\n"
       "        inject.istio.io/templates: gateway",
       "a gateway's template ignores sidecar.istio.io/userVolume [gateway-annotation]\n"
       "a gateway's template ignores sidecar.istio.io/userVolumeMount [gateway-annotation]\n"},
      {kImage, "{name: cred, namespace: shop}", "{name: cred, namespace: till}",
       "secret `cred` is in namespace till, the plugin in shop [pull-secret]\n"},
      {kImage, "type: kubernetes.io/dockerconfigjson", "type: Opaque",
       "secret `cred` has type `Opaque` [pull-secret]\n"},
      {kImage, "\"a.b\":{", "\"a.b:5000\":{",
       "secret `cred` has no credentials for a.b [pull-secret]\n"},
      {kImage, "imagePullSecret: cred", "imagePullSecret: creds",
       "secret `creds` is not in these files [pull-secret-absent]\n"},
      {kImage, "imagePullSecret: cred",
       "imagePullSecret: cred\n"
       "  imagePullPolicy: Always",
       "`Always` does nothing beside a digest: the module is never pulled again [pull-always]\n"},
      {kImage, "oci://a.b/tally@sha256:00", "oci://a.b/Tally@sha256:00",
       "repository `Tally` has an upper-case letter: Istio cannot read the image's name "
       "[url-form]\n"},
      {kImage, "url: oci://a.b/tally@sha256:00", "url: https://a.b/tally.wasm",
       "`https://a.b/tally.wasm` is whatever the server has when it is fetched [unpinned]\n"
       "`imagePullSecret` does nothing beside an http url: it is for images [pull-unused]\n"},
      {kGateway, "name: door}]", "name: dorr}]",
       "Gateway `dorr` is not in these files [target-absent]\n"},
      {kGateway,
       "namespace: shop}\n"
       "spec:\n",
       "namespace: till}\n"
       "spec:\n",
       "Gateway `door` is in namespace shop, plugin `tally` in till [target-namespace]\n"},
      {kGateway, "gatewayClassName: istio", "gatewayClassName: eg",
       "Gateway `door` has class `eg`, which is not Istio's, so plugin `tally` reaches nothing "
       "[target-class]\n"},
      {kGateway, "  url",
       "  match: [{mode: SERVER}]\n"
       "  url",
       "mode SERVER leaves plugin `tally` out of Gateway door [gateway-mode]\n"},
      {kGateway, "apiVersion: gateway.networking.k8s.io/v1", "apiVersion: networking.istio.io/v1",
       "Gateway `door` of these files is Istio's own, which targetRefs do not name "
       "[target-absent]\n"},
      {kService, "labels: {istio.io/use-waypoint: way}", "labels: {istio.io/use-waypoint: wya}",
       "waypoint `wya` of Service `cart` is not in these files [target-waypoint]\n"},
      {kService, "gatewayClassName: istio-waypoint", "gatewayClassName: istio",
       "the waypoint of Service `cart` is Gateway `way`, whose class `istio` makes none "
       "[target-waypoint]\n"},
      {kPolicy, "name: door, sectionName", "name: dorr, sectionName",
       "Gateway `dorr` is not in these files [target-absent]\n"},
      {kPolicy, "sectionName: web", "sectionName: tls",
       "Gateway `door` has no listener `tls` [target-section]\n"},
      {kPolicy, "kind: Gateway, name: door, sectionName: web",
       "kind: HTTPRoute, name: carts, sectionName: mian",
       "HTTPRoute `carts` has no rule `mian` [target-section]\n"},
      {kPolicy,
       "  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: door, sectionName: "
       "web}]",
       "  targetSelectors: [{kind: HTTPRoute, matchLabels: {tier: app}}]",
       "policy `tally` selects no HTTPRoute of these files [target-selector]\n"},
      {kPolicy, "gatewayClassName: eg", "gatewayClassName: istio",
       "Gateway `door` has class `istio`, which is not Envoy Gateway's, so policy `tally` reaches "
       "nothing [target-class]\n"},
      {kPolicy, "{name: cred, namespace: shop}", "{name: cred, namespace: till}",
       "secret `cred` is in namespace till, the plugin in shop [pull-secret]\n"},
      {kPolicy, "stringData: {.dockerconfigjson:", "stringData: {config.json:",
       "secret `cred` has no credentials under `.dockerconfigjson` [pull-secret]\n"},
      {kPolicy, "{ca.crt: text}", "{tls.crt: text}",
       "ConfigMap `authority` has no key `ca.crt`, where Envoy Gateway looks for the authority's "
       "certificate [ca-certificate]\n"},
      {kPolicy, "name: authority}", "name: autority}",
       "ConfigMap `autority` is not in these files [ca-certificate-absent]\n"},
      {kPolicy, "{name: authority, namespace: shop}", "{name: authority, namespace: till}",
       "ConfigMap `authority` is in namespace till, and looked for in shop [ca-certificate]\n"},
      {kPolicy, "",
       "apiVersion: gateway.envoyproxy.io/v1alpha1\n"
       "kind: EnvoyExtensionPolicy\n"
       "metadata: {name: other, namespace: shop}\n"
       "spec:\n"
       "  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: door, sectionName: "
       "web}]\n"
       "  wasm:\n"
       "  - code:\n"
       "      type: Image\n"
       "      image:\n"
       "        url: a.b/tally@sha256:00\n"
       "        pullSecretRef: {name: cred}\n"
       "        tls: {caCertificateRef: {kind: ConfigMap, name: authority}}\n"
       "---\n",
       "policies `tally` and `other` are for one Gateway, `door`, of which Envoy Gateway accepts "
       "the older alone [policy-conflict]\n"},
      {kGranted, "namespace: shop}]", "namespace: till}]",
       "Secret `cert` is in namespace till, and no ReferenceGrant of these files lets policy "
       "`tally` of shop name it [reference-grant]\n"},
      {kGranted, "to: [{group: '', kind: Secret}]", "to: [{group: '', kind: Secret, name: other}]",
       "Secret `cert` is in namespace till, and no ReferenceGrant of these files lets policy "
       "`tally` of shop name it [reference-grant]\n"},
      {kGranted, "ca.crt: AA==", "tls.crt: AA==",
       "Secret `cert` has no key `ca.crt`, where Envoy Gateway looks for the authority's "
       "certificate [ca-certificate]\n"},
      {kFilter, "tally/plugin.wasm}}", "other/plugin.wasm}}",
       "deployment/cart has nothing mounted at /etc/wasm/other/plugin.wasm, where EnvoyFilter "
       "`tally` looks for its module [not-mounted]\n"},
      {kFilter, "context: SIDECAR_INBOUND", "context: GATEWAY",
       "EnvoyFilter `tally` is for gateways (its context), and deployment/cart is none "
       "[selects-nothing]\n"},
      {kFilter, "context: SIDECAR_INBOUND", "context: SIDECAR",
       "`configPatches[0].match.context` cannot be `SIDECAR` [filter-value]\n"},
      {kFilter, "workloadSelector: {labels:", "workloadSelector: {matchLabels:",
       "`workloadSelector` has no field `matchLabels` [filter-value]\n"},
      {kFilter, "operation: INSERT_BEFORE", "operation: INSERT",
       "`configPatches[0].patch.operation` cannot be `INSERT` [filter-value]\n"},
      {kFilter, "rootId: tally", "rootid: tally",
       "`config` has no field `rootid` [filter-value]\n"},
      {kFilter, "runtime.v8", "runtime.v9",
       "`config.vm_config.runtime` cannot be `envoy.wasm.runtime.v9` [filter-value]\n"},
      {kFilter, "{\"@type\": type.googleapis.com/google.protobuf.StringValue, value: \"{}\"}",
       "{a: 1}", "`config.configuration` does not say its `@type` [filter-value]\n"},
      {kFilter, "value: \"{}\"}", "value: {a: 1}}",
       "`config.configuration.value` must be a string, not a mapping [filter-value]\n"},
      {kFilter, "{local: {filename: /etc/wasm/tally/plugin.wasm}}",
       "{local: {filename: /etc/wasm/tally/plugin.wasm}, remote: {http_uri: {uri: 'https://a.b/x', "
       "cluster: x}}}",
       "`code` has both `local` and `remote` [filter-value]\n"},
      {kDiscovery,
       "        name: tally\n"
       "        typed_config",
       "        name: tell\n"
       "        typed_config",
       "a filter asks for the configuration `tally`, which no EXTENSION_CONFIG of these files has "
       "[filter-discovery]\n"},
      {kDiscovery, "a.b/tally@", "a.b/Tally@",
       "repository `Tally` has an upper-case letter: Istio cannot read the image's name "
       "[url-form]\n"},
      {kHigress, "mountPath: /etc/wasm/tally", "mountPath: /etc/wasm/taly",
       "deployment/gate has nothing mounted at /etc/wasm/tally/plugin.wasm, where plugin `tally` "
       "looks for its module [not-mounted]\n"},
      {kHigress, "{plugin.wasm: MODULE}", "{filter.wasm: MODULE}",
       "ConfigMap `tally-0a1b2c3d4e` has no key `plugin.wasm`, so there is no file "
       "/etc/wasm/tally/plugin.wasm [config-map-key]\n"},
      {kHigress, "defaultConfig:", "defaultConfg:",
       "WasmPlugin has no field `defaultConfg` [unknown-field]\n"},
      {kHigress, "ingress: [shop/cart]", "ingress: shop/cart",
       "`matchRules[0].ingress` must be a list, not a string [bad-value]\n"},
  };
  for (const auto& [set, from, to, findings] : faults) {
    CAPTURE(to);
    auto text = set;
    put(text, from, to);
    CHECK(said_of(text) == findings);
  }
}
