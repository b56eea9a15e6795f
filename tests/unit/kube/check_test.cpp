#include "kube/check.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"

namespace kube = wasmctl::kube;

namespace {

std::set<std::string_view> rules_seen;  // by all cases of this file

std::string findings(const std::string& text) {
  kube::Inventory inventory;
  kube::read_manifests(inventory, text, "f", "default");
  std::string out;
  for (const auto& finding : kube::check_manifests(inventory)) {
    rules_seen.insert(finding.rule);
    out += fmt::format("{}:{} {} [{}] {}\n", finding.site.mark.line, finding.site.mark.column,
                       finding.message, finding.rule, finding.hint);
  }
  return out;
}

std::string plugin(const std::string& spec, const std::string& name = "a") {
  return "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: " + name +
         "}\nspec: " + spec + "\n---\n";
}

std::string workload(const std::string& pod_spec, const std::string& annotations = "{}",
                     const std::string& more = "") {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web" + more +
         "}\nspec:\n  template:\n    metadata: {labels: {app: web}, annotations: " + annotations +
         "}\n    spec: " + pod_spec + "\n---\n";
}

std::string config_map(const std::string& ns, const std::string& data) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm, namespace: " + ns + "}\n" + data +
         "\n---\n";
}

constexpr char kFilePlugin[] =
    "{url: 'file:///etc/wasm/a/plugin.wasm', selector: {matchLabels: {app: web}}}";
constexpr char kMounted[] =
    "{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v, mountPath: "
    "/etc/wasm/a}]}], volumes: [{name: v, configMap: {name: cm}}]}";

}  // namespace

TEST_CASE("what render and patch make has no finding") {
  CHECK(findings(plugin(kFilePlugin) + workload(kMounted) +
                 config_map("default", "binaryData: {plugin.wasm: AGFzbQ==}")) == "");
  CHECK(findings(plugin("{url: 'oci://ghcr.io/a/b:v1@sha256:00'}")) == "");
  // By annotation, as an object and as a list.
  for (const char* volume :
       {R"({"v":{"configMap":{"name":"cm"}}})", R"([{"name":"v","configMap":{"name":"cm"}}])"}) {
    CHECK(
        findings(
            plugin(kFilePlugin) +
            workload(
                "{containers: [{name: app}]}",
                std::string("{sidecar.istio.io/userVolume: '") + volume +
                    R"(', sidecar.istio.io/userVolumeMount: '{"v":{"mountPath":"/etc/wasm/a"}}'})")) ==
        "");
  }
  // Others' objects are passed over, and Lists opened.
  CHECK(findings("kind: Service\n---\n---\n[1]\n---\nx\n") == "");
  CHECK(findings("apiVersion: v1\nkind: List\nitems:\n- apiVersion: extensions.istio.io/v1alpha1\n"
                 "  kind: WasmPlugin\n  metadata: {name: a}\n  spec: {url: /a}\n") != "");
}

TEST_CASE("each mistake is found, by rule and place") {
  struct Case {
    std::string text;
    std::string want;
  };
  const auto sidecar = [](const std::string& annotations) {
    return workload("{containers: [{name: app}]}", annotations);
  };
  const Case cases[] = {
      {plugin("{url: 'oci://a.b/c@sha256:00', phse: AUTHN}"),
       "4:38 WasmPlugin has no field `phse` [unknown-field] did you mean `phase`? one of: "
       "selector, "
       "targetRefs, phase, priority, match, type, imagePullPolicy, imagePullSecret, failStrategy, "
       "pluginName, pluginConfig, vmConfig, url, sha256, targetRef, verificationKey\n"},
      {"apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nmetadata: {name: a}\n"
       "spec: {phase: UNSPECIFIED, wasm: {url: 'https://a/b', phase: AUTHN}}\n",
       "4:55 TrafficExtension has no field `phase` [unknown-field] one of: type, imagePullPolicy, "
       "imagePullSecret, failStrategy, pluginName, pluginConfig, vmConfig, url, sha256\n"},
      {plugin("{url: 'https://a/b', phase: AUTH}"),
       "4:35 spec: `phase` cannot be `AUTH` [bad-value] did you mean `AUTHN`? one of: "
       "UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS\n"},
      {plugin("{url: 'https://a/b', selector: {}, targetRefs: []}"),
       "3:18 has both a selector and target references [bad-value] a selector names pods by their "
       "labels, targetRefs gateways and services: keep one\n"},
      {plugin("{}"), "3:18 has no `url` [url-form] name the module: `url: oci://...`\n"},
      {plugin("{url: /a/b.wasm}"),
       "4:13 `/a/b.wasm` is an image of Docker Hub to Istio, not a file [url-form] write "
       "`file:///a/b.wasm`\n"},
      {plugin("{url: 'file:/a/b.wasm'}"),
       "4:13 `file:/a/b.wasm` is no absolute path to Istio [url-form] write `file:///PATH`\n"},
      {plugin("{url: 'file://a/b.wasm'}"),
       "4:13 `file://a/b.wasm` is no absolute path to Istio [url-form] write `file:///PATH`\n"},
      {plugin("{url: '10.0.0.1:5000/o/x@sha256:00'}"),
       "4:13 Istio takes what is before the port in `10.0.0.1:5000/o/x@sha256:00` for a scheme "
       "[url-form] write `oci://10.0.0.1:5000/o/x@sha256:00`\n"},
      {plugin("{url: 'docker://a/b'}"),
       "4:13 Istio knows no scheme `docker` [url-form] one of: oci, http, https, file\n"},
      {plugin("{url: 'oci://ghcr.io/a/b:v1'}"),
       "4:13 `oci://ghcr.io/a/b:v1` is whatever the tag names when a proxy asks [unpinned] pin it: "
       "`wasmctl render IMAGE` writes the digest\n"},
      {plugin("{url: 'https://a/b', sha256: 'sha256:00'}"),
       "4:36 `sha256:00` is not 64 lower-case hex digits [sha256] without `sha256:`; of an image "
       "it "
       "is the manifest's digest, of an http url the module's\n"},
      {plugin("{url: 'oci://a.b/c@sha256:00', sha256: '" + std::string(64, '0') + "'}"),
       "4:46 `sha256` and the url's digest differ: no image has both [sha256] both are the digest "
       "of "
       "the image's manifest: `wasmctl render IMAGE` writes them\n"},
      {plugin("{url: 'https://a/b', pluginConfig: {a: [9007199254740993, 1, '9007199254740993']}}"),
       "4:47 9007199254740993 reaches the plugin as another number [config-number] whole numbers "
       "are "
       "exact up to 2^53: write it as a string\n"},
      {plugin("{url: 'oci://a.b/c@sha256:00', imagePullSecret: s}") +
           "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: other}\n",
       "4:55 secret `s` is in namespace other, the plugin in default [pull-secret] Istio looks in "
       "the "
       "plugin's namespace only\n"},
      {plugin("{url: 'oci://a.b/c@sha256:00', imagePullSecret: s}") +
           "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: Opaque\n",
       "8:18 secret `s` has type `Opaque` [pull-secret] Istio reads the type "
       "kubernetes.io/dockerconfigjson\n"},
      {plugin("{url: 'oci://a.b/c@sha256:00', imagePullSecret: s}") +
           "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: "
           "kubernetes.io/dockerconfigjson\n"
           "data: {.dockerconfigjson: eyJhdXRocyI6eyJodHRwczovL2MuZCI6e319fQ==}\n",  // https://c.d
       "8:18 secret `s` has no credentials for a.b [pull-secret] it has: https://c.d\n"},
      {plugin(kFilePlugin) + sidecar("{}"),
       "8:18 deployment/web has nothing mounted at /etc/wasm/a/plugin.wasm, where plugin `a` looks "
       "for "
       "its module [not-mounted] mount it: `wasmctl patch`, or `wasmctl render --via configmap "
       "--workload`\n"},
      {plugin(kFilePlugin) +
           workload("{containers: [{name: app, volumeMounts: [{name: v, mountPath: /etc/wasm}]}]}"),
       "12:52 the module of plugin `a` is mounted into container `app`, which does not load it "
       "[mounted-elsewhere] mount it into the proxy: a container `istio-proxy` with `image: auto`, "
       "as "
       "`wasmctl patch` writes it\n"},
      {workload("{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v}]}]}"),
       "7:73 the proxy of deployment/web mounts volume `v`, which is not there "
       "[mount-without-volume] "
       "the workload is accepted, but none of its pods: add the volume\n"},
      {sidecar(R"({sidecar.istio.io/userVolume: '{"v":{"emptyDir":{}}}'})"),
       "6:79 volume `v` of deployment/web is mounted nowhere [volume-without-mount] name it in the "
       "annotation sidecar.istio.io/userVolumeMount too\n"},
      {workload(kMounted) + config_map("istio-system", ""),
       "7:121 ConfigMap `cm` is in namespace istio-system, the pods of deployment/web in default "
       "[config-map-namespace] a volume finds ConfigMaps of the pods' namespace only: make it in "
       "default\n"},
      {plugin(kFilePlugin) + workload(kMounted) +
           config_map("default", "binaryData: {a.wasm: AGFz}"),
       "4:13 ConfigMap `cm` has no key `plugin.wasm`, so there is no file /etc/wasm/a/plugin.wasm "
       "[config-map-key] it has: a.wasm\n"},
      {config_map("default", "binaryData: {a: " + std::string(1'398'104, 'A') + "}"),
       "3:18 ConfigMap `cm` has 1048578 bytes; at most 1048576 are accepted [config-map-size] make "
       "the "
       "module smaller, or push it as an image: `wasmctl push`, then `wasmctl render IMAGE`\n"},
      {config_map("default", "data: {a.wasm: AGFzbQEAAAA=}"),
       "4:8 `a.wasm` under `data` is base64 text to the proxy, no module [module-as-text] move it "
       "to "
       "`binaryData`\n"},
      {sidecar("{sidecar.istio.io/userVolume: 'v: {}'}"),
       "6:79 sidecar.istio.io/userVolume is no JSON object [annotation-json] the injector fails on "
       "it, "
       "and no pod is ever made: write {\"VOLUME\":{...}}\n"},
      {sidecar(R"({sidecar.istio.io/userVolume: '{"v":{"comfigMap":{}}}', )"
               R"(sidecar.istio.io/userVolumeMount: '{"v":{"mountPath":"/x"}}'})"),
       "6:79 the injector drops `comfigMap` in sidecar.istio.io/userVolume without a word "
       "[annotation-field] did you mean `configMap`? one of: name, configMap, secret, emptyDir, "
       "hostPath, projected, downwardAPI, persistentVolumeClaim, image, csi, ephemeral, nfs\n"},
      {workload("{}", "{}", ", annotations: {sidecar.istio.io/userVolume: '{}'}"),
       "3:37 sidecar.istio.io/userVolume on the Deployment itself does nothing [annotation-place] "
       "the "
       "injector reads the pod template's annotations: move it to spec.template.metadata\n"},
      {sidecar("{inject.istio.io/templates: gateway, sidecar.istio.io/userVolume: '{}'}"),
       "6:115 a gateway's template ignores sidecar.istio.io/userVolume [gateway-annotation] mount "
       "into "
       "its container `istio-proxy`: `wasmctl patch`\n"},
      {workload("{containers: [{name: istio-proxy}]}"),
       "7:25 container `istio-proxy` has no image, and the API server refuses it [proxy-image] "
       "write "
       "`image: auto`: the injector puts the right one there\n"},
      {plugin("{url: 'https://a/b'}") + workload("{hostNetwork: true}"),
       "8:18 the pods of deployment/web get no proxy (hostNetwork is true), so plugin `a` cannot "
       "run "
       "there [injection-off] allow the injection, or leave the workload out of the selector\n"},
      {plugin("{url: 'https://a/b', selector: {matchLabels: {app: x}}}") + workload("{}"),
       "4:38 plugin `a` selects no workload of these files in namespace default [selects-nothing] "
       "the "
       "labels are those of the pods (spec.template.metadata.labels), the namespace is the "
       "plugin's\n"},
      {"apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\n"
       "metadata: {name: a, namespace: istio-system}\nspec: {url: 'https://a/b'}\n",
       "3:18 plugin `a` is loaded by every proxy of the mesh [root-namespace] put it into the "
       "workload's namespace, with a selector\n"},
      {plugin("{url: 'https://a/b'}") + plugin("{url: 'https://a/b'}"),
       "8:18 a second WasmPlugin `a` in namespace default; the first is in f:3:18 [same-name] the "
       "one "
       "that is applied last replaces the other\n"},
      {plugin("{url: 'https://a/b', phase: AUTHN}") +
           plugin("{url: 'https://a/b', phase: AUTHN}", "b") + workload("{}"),
       "8:18 plugins `a` and `b` of deployment/web have the same place (AUTHN, priority 0) "
       "[same-order] "
       "their names decide the order: give each a priority of its own\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text.substr(0, 500));
    CHECK(findings(c.text) == c.want);
  }
  for (const auto& rule : kube::manifest_rules()) {
    CAPTURE(rule.name);
    CHECK(rules_seen.contains(rule.name));
  }
}

TEST_CASE("check reads what is no manifest without harm") {
  for (const char* text :
       {"apiVersion: apps/v1\nkind: Deployment\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: x\n",
        "apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nspec: {wasm: []}\n",
        "apiVersion: v1\nkind: Secret\ndata: {.dockerconfigjson: '!!'}\n",
        "apiVersion: v1\nkind: List\nitems: {kind: List}\n", "kind: [List]\n"}) {
    CAPTURE(text);
    (void)findings(text);
  }
  CHECK_THROWS_AS((void)findings("a: [\n"), wasmctl::Error);
}
