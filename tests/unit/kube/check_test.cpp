#include "tests/unit/kube/checking.hpp"

#include <doctest/doctest.h>

using namespace checking;

TEST_CASE("what render and patch make has no finding") {
  CHECK(findings(plugin(kFilePlugin) + workload(kMounted) + config_map("default", kModule)) == "");
  CHECK(findings(plugin("{url: 'oci://ghcr.io/a/b:v1@sha256:00'}")) == "");
  // By annotation, as an object and as a list.
  for (const char* volume :
       {R"({"v":{"configMap":{"name":"cm"}}})", R"([{"name":"v","configMap":{"name":"cm"}}])"}) {
    CHECK(
        findings(
            plugin(kFilePlugin) + config_map("default", kModule) +
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

TEST_CASE("what only looks like a mistake has no finding") {
  const char* const kOciPlugin =
      "{url: 'oci://a.b/cc@sha256:00', selector: {matchLabels: {app: web}}}";
  const std::string cases[] = {
      // A gateway from before injection, with a proxy of its own.
      plugin("{url: 'oci://a.b/cc@sha256:00'}") +
          workload("{containers: [{name: istio-proxy, image: istio/proxyv2, volumeMounts: [{name: "
                   "istio-data, mountPath: /var/lib/istio/data}]}], volumes: [{name: istio-data, "
                   "emptyDir: {}}]}",
                   "{sidecar.istio.io/inject: 'false'}"),
      // Names that the volume gives, not the ConfigMap; one file of it alone.
      plugin(kFilePlugin) + config_map("default", kFilterModule) +
          workload("{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v, "
                   "mountPath: /etc/wasm/a}]}], volumes: [{name: v, configMap: {name: cm, items: "
                   "[{key: filter.wasm, path: plugin.wasm}]}}]}"),
      plugin(kFilePlugin) + config_map("default", kFilterModule) +
          workload("{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v, "
                   "mountPath: /etc/wasm/a/plugin.wasm, subPath: filter.wasm}]}], volumes: [{name: "
                   "v, configMap: {name: cm}}]}"),
      // Injected by the namespace's label, by a revision, by the pod's own label.
      plugin(kOciPlugin) + workload("{}") +
          "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {istio-injection: "
          "enabled}}\n",
      plugin(kOciPlugin) + workload("{}") +
          "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {istio.io/rev: "
          "canary}}\n",
      plugin(kOciPlugin) + workload("{}", "{}", ", labels: {}") +
          "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {<<: "
          "{istio-injection: enabled}}}\n",
      // Two phases; two priorities; HTTP beside NETWORK.
      plugin("{url: 'oci://a.b/cc@sha256:00', phase: AUTHN}") +
          plugin("{url: 'oci://a.b/dd@sha256:01', phase: AUTHZ}", "b") +
          plugin("{url: 'oci://a.b/ee@sha256:02', phase: AUTHZ, priority: 1}", "c") +
          plugin("{url: 'oci://a.b/ff@sha256:03', phase: AUTHZ, type: NETWORK}", "d") +
          workload("{}"),
      // One image under two tags; those of a gateway, not of a waypoint.
      plugin("{url: 'oci://a.b:5000/cc:v1@sha256:00', phase: STATS, failStrategy: FAIL_OPEN}") +
          plugin("{url: 'oci://a.b:5000/cc:v2@sha256:00', selector: {matchLabels: "
                 "{gateway.networking.k8s.io/gateway-name: in}}}",
                 "b"),
      plugin("{url: 'oci://a.b/cc@sha256:00', match: [{mode: CLIENT}], targetRefs: [{group: "
             "gateway.networking.k8s.io, kind: Gateway, name: in}]}"),
      "apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nmetadata: {name: a}\n"
      "spec: {lua: {inlineCode: 'x'}}\n",
      plugin("{url: 'oci://cc@sha256:00', imagePullSecret: s}") +
          "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: "
          "kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: "
          "'{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"YTpi\"}}}'}\n",
  };
  for (const auto& text : cases) {
    CAPTURE(text);
    CHECK(findings(text) == "");
  }
}

TEST_CASE("a kind is held against the oldest proxy that the plugin is meant for") {
  auto inventory = read(
      "apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nmetadata: {name: a, "
      "namespace: default}\nspec: {wasm: {url: 'oci://a.b/cc@sha256:00'}}\n");
  const auto of = [&](const char* product, const char* range) {
    inventory.module = kube::ModuleFacts{};
    inventory.module->hosts = {wasmctl::wasm::parse_host_range(product, range)};
    return findings(inventory);
  };
  CHECK(of("istio", ">=1.30") == "");
  CHECK(of("istio", "1.31") == "");
  CHECK(of("envoy", ">=1.36") == "");
  const std::string too_old =
      "3:18 Istio has TrafficExtension since 1.30, and the plugin is meant for istio >=1.28 "
      "[kind-since] a WasmPlugin is known to all of them\n";
  CHECK(of("istio", ">=1.28") == too_old);
}

TEST_CASE("what the module does is held against the plugin") {
  auto inventory = read(plugin("{url: 'oci://a.b/cc@sha256:00'}") +
                        plugin("{url: 'oci://a.b/dd@sha256:01', type: NETWORK}", "b"));
  CHECK(findings(inventory) == "");
  inventory.module = kube::ModuleFacts{.observes = true};
  CHECK(findings(inventory) ==
        "3:18 plugin `a` changes no request, but all traffic is denied when it fails (FAIL_CLOSE "
        "is the default) [observer-fails-closed] write `failStrategy: FAIL_OPEN`\n"
        "8:18 plugin `b` changes no request, but all traffic is denied when it fails (FAIL_CLOSE "
        "is the default) [observer-fails-closed] write `failStrategy: FAIL_OPEN`\n");
  inventory.module = kube::ModuleFacts{.http = true, .network = false};
  CHECK(findings(inventory) ==
        "9:45 the module has no callback for connections, so a NETWORK plugin does nothing "
        "[phase-type] write `type: HTTP`\n");
  inventory.module = kube::ModuleFacts{.http = false, .network = true};
  CHECK(findings(inventory) ==
        "3:18 the module has no callback for HTTP, so an HTTP plugin does nothing [phase-type] "
        "write `type: NETWORK`\n");
  inventory.module = kube::ModuleFacts{};
  // Not even that of the phase for statistics, if it is seen to act.
  auto stats = read(plugin("{url: 'oci://a.b/cc@sha256:00', phase: STATS}"));
  stats.module = kube::ModuleFacts{.observes = false};
  CHECK(findings(stats) == "");
}

TEST_CASE("what only a change shows") {
  const auto with_env = [](const std::string& digest, const std::string& value) {
    return plugin("{url: 'oci://a.b/cc@sha256:" + digest +
                  "', vmConfig: {env: [{name: A, value: '" + value + "'}]}}");
  };
  const auto before = read(with_env("00", "1"));
  CHECK(findings(read(with_env("00", "2")), &before) ==
        "4:49 vmConfig.env of plugin `a` changes, its module does not: the VM goes on with what it "
        "read [env-alone] restart the pods: `kubectl rollout restart`; or put into pluginConfig "
        "what changes\n");
  CHECK(findings(read(with_env("01", "2")), &before) == "");
  CHECK(findings(read(with_env("00", "1")), &before) == "");
}

TEST_CASE("a kustomization's patch is part of what it patches") {
  const auto inventory = read({
      {"x/kustomization.yaml",
       "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
       "resources: [plugin.yaml]\npatches: [{path: ./patch.yaml}]\n"},
      {"x/patch.yaml",
       "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: " +
           std::string(kMounted) + "}}\n"},
      {"x/plugin.yaml", plugin(kFilePlugin)},
      {"web.yaml", workload("{containers: [{name: app}]}")},
      {"cm.yaml", config_map("default", kModule)},
  });
  CHECK(inventory.workloads.size() == 1);
  CHECK(findings(inventory) == "");
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
      {plugin("{url: 'oci://a.b/cc@sha256:00', phse: AUTHN}"),
       "4:39 WasmPlugin has no field `phse` [unknown-field] did you mean `phase`? one of: "
       "selector, targetRefs, phase, priority, match, type, imagePullPolicy, imagePullSecret, "
       "failStrategy, pluginName, pluginConfig, vmConfig, url, sha256, targetRef, "
       "verificationKey\n"},
      {"apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nmetadata: {name: a}\n"
       "spec: {phase: UNSPECIFIED, wasm: {url: 'oci://a.b/cc@sha256:00', phase: AUTHN}}\n",
       "4:66 TrafficExtension has no field `phase` [unknown-field] one of: type, imagePullPolicy, "
       "imagePullSecret, failStrategy, pluginName, pluginConfig, vmConfig, url, sha256, "
       "verificationKey\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', phase: AUTH}"),
       "4:46 `phase` cannot be `AUTH` [bad-value] did you mean `AUTHN`? one of: UNSPECIFIED_PHASE, "
       "AUTHN, AUTHZ, STATS\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', selector: {}, targetRefs: []}"),
       "3:18 has both a selector and target references [bad-value] a selector names pods by their "
       "labels, targetRefs gateways and services: keep one\n"},
      {plugin("{}"), "3:18 has no `url` [url-form] name the module: `url: oci://...`\n"},
      {plugin("{url: /a/b.wasm}"),
       "4:13 `/a/b.wasm` is an image of Docker Hub to Istio, not a file [url-form] write "
       "`file:///a/b.wasm`\n"},
      {plugin("{url: 'file:/a/b.wasm'}"),
       "4:13 `file:/a/b.wasm` is not an absolute path to Istio [url-form] write `file:///PATH`\n"},
      {plugin("{url: 'file://a/b.wasm'}"),
       "4:13 `file://a/b.wasm` is not an absolute path to Istio [url-form] write `file:///PATH`\n"},
      {plugin("{url: '10.0.0.1:5000/o/x@sha256:00'}"),
       "4:13 Istio takes what is before the first colon in `10.0.0.1:5000/o/x@sha256:00` for a "
       "scheme "
       "[url-form] write `oci://10.0.0.1:5000/o/x@sha256:00`\n"},
      {plugin("{url: 'docker://a/b'}"),
       "4:13 Istio knows no scheme `docker` [url-form] one of: oci, http, https, file\n"},
      {plugin("{url: 'oci://ghcr.io/a/b:v1'}"),
       "4:13 `oci://ghcr.io/a/b:v1` is whatever the tag names when it is fetched [unpinned] pin "
       "it: "
       "`wasmctl render IMAGE` writes the digest\n"},
      {plugin("{url: 'https://a/b', sha256: 'sha256:00'}"),
       "4:36 `sha256:00` is not 64 lower-case hex digits [sha256] without `sha256:`; of an image "
       "it "
       "is the manifest's digest, of an http url the module's\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', sha256: '" + std::string(64, '1') + "'}"),
       "4:47 `sha256` and the url's digest differ: no image has both [sha256] both are the digest "
       "of the image's manifest: `wasmctl render IMAGE` writes them\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', pluginConfig: {a: [9007199254740993, 1, "
              "'9007199254740993']}}"),
       "4:58 9007199254740993 reaches the plugin as another number [config-number] whole numbers "
       "are exact up to 2^53: write it as a string\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', imagePullSecret: s}") +
           "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: other}\n",
       "4:56 secret `s` is in namespace other, the plugin in default [pull-secret] Istio looks in "
       "the plugin's namespace only\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', imagePullSecret: s}") +
           "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: Opaque\n",
       "8:18 secret `s` has type `Opaque` [pull-secret] Istio reads the type "
       "kubernetes.io/dockerconfigjson\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', imagePullSecret: s}") +
           "apiVersion: v1\nkind: "
           "Secret\nmetadata: {name: "
           "s}\ntype: "
           "kubernetes.io/"
           "dockerconfigjson\n"
           "data: {.dockerconfigjson: "
           "eyJhdXRocyI6eyJodHRwczovL2Mu"
           "ZCI6eyJhdXRoIjoiWVRwaSJ9fX0="
           "}\n",  // https://c.d
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
       "6:79 volume `v` of deployment/web is mounted nowhere [volume-without-mount] mount it into "
       "the proxy: `volumeMounts` of a container `istio-proxy`, or the annotation "
       "sidecar.istio.io/userVolumeMount\n"},
      {workload(kMounted) + config_map("istio-system", ""),
       "7:121 ConfigMap `cm` is in namespace istio-system, the pods of deployment/web in default "
       "[config-map-namespace] a volume finds ConfigMaps of the pods' namespace only: make it in "
       "default (`web` names no namespace: if it does not go to default, say so by `-n`)\n"},
      {plugin(kFilePlugin) + workload(kMounted) +
           config_map("default", "binaryData: {a.wasm: AGFz}"),
       "4:13 ConfigMap `cm` has no key `plugin.wasm`, so there is no file /etc/wasm/a/plugin.wasm "
       "[config-map-key] it has: a.wasm\n"},
      {config_map("default", "binaryData: {a: " + std::string(1'398'104, 'A') + "}"),
       "3:18 ConfigMap `cm` has 1048578 bytes; at most 1048576 are accepted [config-map-size] make "
       "the module smaller, or push it as an image: `wasmctl push`, then `wasmctl render IMAGE`\n"},
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
       "[annotation-field] did you mean `configMap`?\n"},
      {workload("{}", "{}", ", annotations: {sidecar.istio.io/userVolume: '{}'}"),
       "3:37 sidecar.istio.io/userVolume on the Deployment itself does nothing [annotation-place] "
       "the "
       "injector reads the pod template's annotations: move it to spec.template.metadata\n"},
      {sidecar("{inject.istio.io/templates: gateway, sidecar.istio.io/userVolume: '{}'}"),
       "6:115 a gateway's template ignores sidecar.istio.io/userVolume [gateway-annotation] take "
       "it out, and mount into the container `istio-proxy`: `wasmctl patch ... --undo`, then "
       "`--mount container`\n"},
      {workload("{containers: [{name: istio-proxy}]}"),
       "7:25 container `istio-proxy` has no image, and the API server refuses it [proxy-image] "
       "write "
       "`image: auto`: the injector puts the right one there\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', selector: {matchLabels: {app: web}}}") +
           workload("{hostNetwork: true}"),
       "8:18 the pods of deployment/web get no proxy (hostNetwork is true), so plugin `a` cannot "
       "run there [injection-off] allow the injection, or leave the workload out of the "
       "selector\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', selector: {matchLabels: {app: x}}}") +
           workload("{}"),
       "4:49 plugin `a` selects no workload of these files [selects-nothing] the labels are those "
       "of the pods (spec.template.metadata.labels)\n"},
      {"apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\n"
       "metadata: {name: a, namespace: istio-system}\nspec: {url: 'oci://a.b/cc@sha256:00', "
       "selector: {matchLabels: {}}}\n",
       "3:18 plugin `a` is loaded by every proxy of the mesh [root-namespace] put it into the "
       "workload's namespace, with a selector\n"},
      {"apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\n"
       "metadata: {name: a, namespace: istio-system}\nspec: {url: 'oci://a.b/cc@sha256:00'}\n",
       "3:18 plugin `a` is loaded by every proxy of the mesh [root-namespace] put it into the "
       "workload's namespace, with a selector\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00'}") + plugin("{url: 'oci://a.b/cc@sha256:00'}"),
       "8:18 a second WasmPlugin `a` in namespace default; the first is in f:3:18 [same-name] the "
       "one "
       "that is applied last replaces the other\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', phase: AUTHN}") +
           plugin("{url: 'oci://a.b/cc@sha256:00', phase: AUTHN}", "b") + workload("{}"),
       "8:18 plugins `a` and `b` of deployment/web have the same place (AUTHN, priority 0) "
       "[same-order] "
       "their names decide the order: give each a priority of its own\n"},
      {"a: [\n",
       "2:1 did not find expected node content, while parsing a flow node that starts at line 2 "
       "[yaml] nothing after this place was looked at\n"},
      {"apiVersion: extensions.istio.io/v1\nkind: WasmPlugin\n",
       "1:1 Istio has no extensions.istio.io/v1 WasmPlugin [unknown-kind] "
       "`extensions.istio.io/v1alpha1` has WasmPlugin and TrafficExtension\n"},
      {"apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a}\n"
       "url: x\nspecs: {}\nspec: {url: 'oci://a.b/cc@sha256:00'}\n",
       "4:1 WasmPlugin has no field `url` [unknown-field] move it under `spec:`\n"
       "5:1 WasmPlugin has no field `specs` [unknown-field] one of: apiVersion, kind, metadata, "
       "spec, status\n"},
      {plugin("{url: ''}"), "4:13 `url` is empty [url-form] name the module: `url: oci://...`\n"},
      {plugin("{url: 'filter:v1'}"),
       "4:13 `filter:v1` is whatever the tag names when it is fetched [unpinned] pin it: `wasmctl "
       "render IMAGE` writes the digest\n4:13 Istio takes what is before the first colon in "
       "`filter:v1` for a scheme [url-form] write `oci://filter:v1`\n"},
      {plugin("{url: 'oci://ghcr.io/Acme/a@sha256:00'}"),
       "4:13 repository `Acme/a` has an upper-case letter: Istio cannot read the image's name "
       "[url-form] write `oci://REGISTRY/REPOSITORY[:TAG][@sha256:DIGEST]`\n"},
      {plugin("{url: 'file:///a%20b.wasm'}"),
       "4:13 Istio decodes no `%` in `file:///a%20b.wasm` [url-form] write the path as it is in "
       "the file system\n"},
      {plugin("{url: 'https://me:secret@a/b'}"),
       "4:13 `https://a/b` is whatever the server has when it is fetched [unpinned] pin it by "
       "`sha256`: `wasmctl render MODULE --via http --url URL` writes it\n"},
      {plugin("{url: 'file:///a', sha256: '" + std::string(64, '0') + "'}"),
       "4:34 `sha256` of a file:// url is never compared [sha256-unused] leave it out: a "
       "ConfigMap's name with a hash says which module it is\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', type: NETWORK, phase: AUTHN}"),
       "4:61 phase AUTHN means nothing to a NETWORK plugin: Istio authenticates no TCP "
       "[phase-type] write AUTHZ, which is before Istio's authorization of connections\n"},
      {"apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: "
       "other}\n---\n" +
           plugin("{url: 'oci://a.b/cc@sha256:00', targetRefs: [{group: gateway.networking.k8s.io, "
                  "kind: Gateway, name: g}]}"),
       "8:108 Gateway `g` is in namespace other, plugin `a` in default [target-namespace] a plugin "
       "reaches its own namespace only: put it into other (`a` names no namespace: if it does not "
       "go to default, say so by `-n`)\n"},
      {sidecar("{sidecar.istio.io/uservolume: '{}', sidecar.istio.io/userVolumeMounts: '{}'}"),
       "6:79 Istio has no annotation sidecar.istio.io/uservolume [annotation-name] did you mean "
       "`sidecar.istio.io/userVolume`?\n"
       "6:120 Istio has no annotation sidecar.istio.io/userVolumeMounts [annotation-name] did you "
       "mean `sidecar.istio.io/userVolumeMount`?\n"},
      {workload(
           "{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v, mountPath: "
           "/etc/wasm/a}]}], volumes: [{name: v, image: {reference: 'a.b/cc:v1'}}]}"),
       "7:121 `a.b/cc:v1` is whatever the tag names when a pod starts [unpinned] pin it: `wasmctl "
       "patch IMAGE` writes the digest\n"},
      {plugin("{url: 5}"),
       "4:13 `5` is whatever the tag names when it is fetched [unpinned] pin it: `wasmctl render "
       "IMAGE` writes the digest\n"
       "4:13 `url` is a number [url-form] write a string, in quotes\n"},
      {plugin("{url: 'OCI://a.b/cc@sha256:00'}"), ""},
      {plugin("{url: 'oci://a.b/c d:v1'}"),
       "4:13 `oci://a.b/c d:v1` is whatever the tag names when it is fetched [unpinned] pin it: "
       "`wasmctl render IMAGE` writes the digest\n"
       "4:13 repository `c d` has the part `c d`, which is not lower-case letters and digits "
       "joined by `.`, `_`, `__` or `-`: Istio cannot read the image's name [url-form] write "
       "`oci://REGISTRY/REPOSITORY[:TAG][@sha256:DIGEST]`\n"},
      {plugin("{url: 'oci://a.b/cc', sha256: " + std::string(64, '1') + "}"),
       "4:37 `sha256` is a number to YAML [sha256] write it in quotes\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', pluginConfig: x}"),
       "4:53 `pluginConfig` must be a mapping, not a string [bad-value] \n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', pluginConfig: {a: 9007199254740994, b: "
              "9007199254740993, c: 123456789012345678901}}"),
       "4:78 9007199254740993 reaches the plugin as another number [config-number] whole numbers "
       "are exact up to 2^53: write it as a string\n"
       "4:99 123456789012345678901 reaches the plugin as another number [config-number] whole "
       "numbers are exact up to 2^53: write it as a string\n"},
      {plugin(
           "{url: 'oci://a.b/cc@sha256:00', targetRefs: [{group: gateway.networking.k8s.io, kind: "
           "HTTPRoute, name: r}]}"),
       "4:51 `targetRefs` names a HTTPRoute, to which a resource of Istio's does not go "
       "[bad-value] one of: Gateway, GatewayClass, Service, ServiceEntry\n"},
      {"apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nmetadata: {name: a}\n"
       "spec: {phase: UNSPECIFIED_PHASE, wasm: {url: 'oci://a.b/cc@sha256:00'}, lua: {}}\n",
       "3:18 has both `wasm` and `lua` [bad-value] make a TrafficExtension of each\n"
       "4:15 `phase` cannot be `UNSPECIFIED_PHASE` in a TrafficExtension [bad-value] write "
       "UNSPECIFIED, or leave it out\n"
       "4:78 `lua` needs `inlineCode` [bad-value] \n"},
      {"apiVersion: networking.istio.io/v1\nkind: WasmPlugin\nmetadata: {name: a}\n",
       "1:1 Istio has no networking.istio.io/v1 WasmPlugin [unknown-kind] "
       "`extensions.istio.io/v1alpha1` has WasmPlugin and TrafficExtension\n"},
      {"apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a}\nspec: "
       "{url: 'oci://a.b/cc@sha256:00'}\n",
       ""},
      // Volumes that others use are none of our business.
      {workload("{containers: [{name: app, volumeDevices: [{name: d}]}], volumes: [{name: d, "
                "persistentVolumeClaim: {claimName: d}}, {name: e, emptyDir: {}}, {name: f, "
                "configMap: {name: f}}]}"),
       ""},
      {plugin("{url: 'oci://a.b/cc@sha256:00', phase: STATS}"),
       "3:18 plugin `a` is for statistics, but all traffic is denied when it fails (FAIL_CLOSE is "
       "the default) [observer-fails-closed] write `failStrategy: FAIL_OPEN`\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', phase: STATS, failStrategy: FAIL_CLOSE}"), ""},
      {plugin("{url: 'oci://a.b:5000/cc:v1@sha256:00'}") +
           plugin("{url: 'oci://localhost:5000/cc@sha256:00'}", "b"),
       "9:13 this image is named `localhost:5000/cc` here, and `a.b:5000/cc` in f:4:13 "
       "[image-spelling] name it in one way: the one under which it was pushed\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', imagePullSecret: s}"),
       "4:56 secret `s` is not in these files [pull-secret-absent] see that it is in the cluster: "
       "`kubectl get secret s -n default`; without it the module cannot be fetched\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', imagePullSecret: s}") +
           "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: "
           "kubernetes.io/dockerconfigjson\ndata: {}\n",
       "8:18 secret `s` has no credentials under `.dockerconfigjson` [pull-secret] `wasmctl render "
       "--pull-secret-from-docker-config` makes one\n"},
      {plugin("{url: 'file:///var/wasm/plugin.wasm'}") + workload(kMounted),
       "8:18 deployment/web has nothing mounted at /var/wasm/plugin.wasm, where plugin `a` looks "
       "for its module [not-mounted] the proxy mounts: /etc/wasm/a; the url is `file://` and a "
       "path below one of these, or mount it: `wasmctl patch`\n"},
      {plugin(kFilePlugin) +
           workload("{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v, "
                    "mountPath: /etc/wasm/a}]}], volumes: [{name: v, configMap: {name: cm, items: "
                    "[{key: plugin.wasm, path: filter.wasm}]}}]}"),
       "4:13 no item of volume `v` has the path of /etc/wasm/a/plugin.wasm [config-map-key] an "
       "item's `path` is the file's name in the volume\n"
       "12:121 ConfigMap `cm`, which deployment/web mounts for plugin `a`, is not in these files "
       "[config-map-absent] see that it is in the cluster: `kubectl get configmap cm -n default`; "
       "without it the pods do not start\n"},
      {plugin("{url: 'file:///etc/wasm/a'}") + workload(kMounted),
       "4:13 /etc/wasm/a is a directory in the proxy of deployment/web [config-map-key] name a "
       "file in it, or mount the file by `subPath`\n"
       "12:121 ConfigMap `cm`, which deployment/web mounts for plugin `a`, is not in these files "
       "[config-map-absent] see that it is in the cluster: `kubectl get configmap cm -n default`; "
       "without it the pods do not start\n"},
      {workload("{containers: [{name: app}], volumes: [{name: wasm-v, configMap: {name: c}}]}"),
       "7:49 volume `wasm-v` of deployment/web is mounted nowhere [volume-without-mount] mount it "
       "into "
       "the proxy: `volumeMounts` of a container `istio-proxy`, or the annotation "
       "sidecar.istio.io/userVolumeMount\n"},
      {workload("{hostNetwork: true, containers: [{name: istio-proxy, image: auto}]}"),
       "7:44 `image: auto` stays as it is (hostNetwork is true), and no such image can be pulled "
       "[proxy-image] allow the injection of these pods, or take the container out\n"},
      {workload("{containers: [{name: istio-proxy, image: x}]}"),
       "7:25 image `x` takes the place of Istio's proxy [proxy-image] write `image: auto`: the "
       "injector puts the right one there\n"},
      {workload("{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: istio-data, "
                "mountPath: /etc/istio/proxy/}]}], volumes: [{name: istio-data, emptyDir: {}}]}"),
       "7:73 /etc/istio/proxy is mounted by Istio itself, so no pod is made [reserved-name] mount "
       "it elsewhere, for example at /etc/wasm/PLUGIN\n"
       "7:73 volume `istio-data` is one of Istio's own, so no pod is made [reserved-name] give it "
       "another name, for example `wasm-PLUGIN`\n"},
      {sidecar(
           R"({sidecar.istio.io/userVolume: '{"v":{"configMap":{"name":"c","defaultMode":"0444"}}}', )"
           R"(sidecar.istio.io/userVolumeMount: '{"v":{"mountPath":"/x","readonly":true}}'})"),
       "6:79 `defaultMode` in sidecar.istio.io/userVolume must be a whole number: the injector "
       "fails, and no pod is made [annotation-field] JSON knows decimal numbers only: 0444 is "
       "292\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', selector: {matchLabels: {app: web}}}") +
           "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n---\n" + workload("{}"),
       "12:18 the pods of deployment/web get no proxy (namespace default has neither "
       "istio-injection: enabled nor istio.io/rev), so plugin `a` cannot run there [injection-off] "
       "allow the injection, or leave the workload out of the selector\n"},
      {"apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\n"
       "metadata: {name: a, namespace: other}\nspec: {url: 'oci://a.b/cc@sha256:00', selector: "
       "{matchLabels: {app: web}}}\n---\n" +
           workload("{}"),
       "3:18 plugin `a` is in namespace other, where it selects nothing; deployment/web is in "
       "default [other-namespace] a plugin reaches its own namespace, and from istio-system all: "
       "put it into default (`web` names no namespace: if it does not go to default, say so by "
       "`-n`)\n"},
      {"apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\n"
       "metadata: {name: a, namespace: other}\nspec: {url: 'oci://a.b/cc@sha256:00'}\n---\n" +
           workload("{}"),
       "3:18 plugin `a` is for all of namespace other, where no workload of these files is "
       "[selects-nothing] put it into the namespace of the pods that it is for\n"},
      {plugin("{url: 'oci://a.b/cc@sha256:00', selector: {matchLabels: "
              "{gateway.networking.k8s.io/gateway-name: w}}}") +
           "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: w}\nspec: "
           "{gatewayClassName: istio-waypoint}\n",
       "4:49 waypoint `w` ignores selectors, so plugin `a` reaches nothing [waypoint-selector] "
       "name it: `targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: w}]`\n"},
      {plugin(
           "{url: 'oci://a.b/cc@sha256:00', targetRefs: [{group: gateway.networking.k8s.io, kind: "
           "Gateway, name: in}], match: [{mode: SERVER}]}"),
       "4:121 mode SERVER leaves plugin `a` out of Gateway in [gateway-mode] a gateway has mode "
       "CLIENT or CLIENT_AND_SERVER; or leave `match` out\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text.substr(0, 500));
    CHECK(findings(c.text) == c.want);
  }
}

TEST_CASE("check judges policies of Envoy Gateway") {
  const std::string targets =
      "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: g}]";
  const std::string image = "name: a\n    code: {type: Image, image: {url: 'a.b/cc@sha256:00'}}";
  const std::pair<std::string, std::string> cases[] = {
      {policy(targets, image), ""},
      {policy("targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: g}",
              "code: {type: HTTP, http: {url: 'https://a.b/cc', sha256: " + std::string(64, 'a') +
                  "}}\n    failOpen: true\n    config: {a: 9007199254740993}"),
       ""},
      {policy("targetRef: {group: gateway.networking.k8s.io, kind: Gatway, name: g}", image),
       "5:55 `targetRef.kind` cannot be `Gatway` [policy-value] did you mean `Gateway`? one of: "
       "Gateway, ListenerSet, HTTPRoute, GRPCRoute, UDPRoute, TCPRoute, TLSRoute\n"},
      {policy("targetRef: {kind: Gateway, name: g, nam: g}", image),
       "5:14 `targetRef` needs `group` [policy-value] \n"
       "5:39 EnvoyExtensionPolicy has no field `targetRef.nam` [policy-field] did you mean `name`? "
       "one of: group, kind, name, sectionName\n"},
      {policy("targetRefs: [{group: apps, kind: Gateway, name: g}]", image),
       "5:24 `targetRefs[0].group` cannot be `apps` [policy-value] one of: "
       "gateway.networking.k8s.io\n"},
      {policy("lua: []", image + "\n    failOpen: 'yes'"),
       "3:18 policy `p` names no target [policy-value] `targetRefs: [{group: "
       "gateway.networking.k8s.io, kind: Gateway, name: NAME}]`\n"
       "9:15 `wasm[0].failOpen` must be true or false, not a string [policy-value] \n"},
      {policy(targets,
              "code: {type: Image, image: {url: 'oci://a.b/cc:v1'}}\n    env: {hostKey: []}"),

       "7:38 `oci://a.b/cc:v1` is whatever the tag names when it is fetched [unpinned] pin it: "
       "`wasmctl render IMAGE` writes the digest\n"
       "8:11 EnvoyExtensionPolicy has no field `wasm[0].env.hostKey` [policy-field] did you mean "
       "`hostKeys`? one of: hostKeys\n"},
      {policy(targets,
              "code: {type: Image, http: {url: 'ftp://a.b/cc', sha256: sha256:00}, "
              "pullPolicy: Never}"),
       "7:11 type Image has no `image` [policy-value] `image: {url: ...}` says where the module "
       "is\n"
       "7:31 `http` is beside another type than HTTP [policy-value] write `type: HTTP`\n"
       "7:37 `ftp://a.b/cc` is not an http url [policy-value] write `https://...`\n"
       "7:61 `sha256:00` is not 64 lower-case hex digits [sha256] without `sha256:`; of an image "
       "it is the manifest's digest, of an http url the module's\n"
       "7:85 `wasm[0].code.pullPolicy` cannot be `Never` [policy-value] one of: IfNotPresent, "
       "Always\n"},
      {policy(targets, "config: {}"), "7:5 `wasm[0]` needs `code` [policy-value] \n"},
      {"apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: "
       "other}\n---\n" +
           policy(targets, image),
       "9:72 Gateway `g` is in namespace other, policy `p` in default [target-namespace] a policy "
       "reaches its own namespace only: put it into other (`p` names no namespace: if it does not "
       "go to default, say so by `-n`)\n"},
      {policy(targets,
              "code: {type: Image, image: {url: 'a.b/cc@sha256:00', pullSecretRef: {name: s}}}") +
           "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: Opaque\n",
       "11:18 secret `s` has no credentials under `.dockerconfigjson` [pull-secret] `wasmctl "
       "render "
       "--pull-secret-from-docker-config` makes one\n"},
      {policy(targets, image) + policy(targets, image),
       "12:18 a second EnvoyExtensionPolicy `p` in namespace default; the first is in f:3:18 "
       "[same-name] the one that is applied last replaces the other\n"},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    CHECK(findings(text) == want);
  }
}

TEST_CASE("check judges the shape of a policy") {
  const std::string ref = "{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}";
  const std::string targets = "targetRefs: [" + ref + "]";
  const auto one = [&](const std::string& module) { return policy(targets, module); };
  const auto image = [&](const std::string& more) {
    return one("code: {type: Image, image: {url: 'a.b/cc@sha256:00'" + more + "}}");
  };
  const std::pair<std::string, std::string> wrong[] = {
      {"apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyExtensionPolicy\nmetadata: {name: "
       "p}\nspec: {targetRefs: [" +
           ref +
           "], wasm: {code: {type: Image, image: {url: "
           "'a.b/cc@sha256:00'}}}}\n",
       "`wasm` must be a list, not a mapping"},
      {policy("targetRefs: " + ref, "name: a\n    code: {type: Image, image: {url: a.b/cd}}"),
       "`targetRefs` must be a list, not a mapping"},
      {policy(targets + "\n  targetRef: " + ref, "code: {type: HTTP}"),
       "has both `targetRef` and `targetRefs`"},
      {policy("targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute}]", "name: a"),
       "`targetRefs[0]` needs `name`"},
      {policy("targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: 5}]",
              "name: a"),
       "`targetRefs[0].name` must be a string, not a number"},
      {policy("targetSelectors: [{matchLabels: {a: b}}]", "name: a"),
       "`targetSelectors[0]` needs `kind`"},
      {policy("targetSelectors: []", "name: a"), "`targetSelectors` selects nothing"},
      {one("code: {type: Image, image: {}}"), "`wasm[0].code.image` needs `url`"},
      {one("code: {type: HTTP, http: {sha256: x}}"), "`wasm[0].code.http` needs `url`"},
      {one("code: {image: {url: a.b/cd}}"), "`wasm[0].code` needs `type`"},
      {one("code: {type: ConfigMap}"), "`wasm[0].code.type` cannot be `ConfigMap`"},
      {one("env: [{name: A, value: b}]"), "`wasm[0].env` must be a mapping, not a list"},
      {one("env: {hostKeys: A}"), "`wasm[0].env.hostKeys` must be a list, not a string"},
      {one("name: 5"), "`wasm[0].name` must be a string, not a number"},
      {image(", tls: {caCertificateRef: {name: a, kind: a_b}}"),
       "`wasm[0].code.image.tls.caCertificateRef.kind` `a_b` is not a kind"},
      {image(", tls: {caCertificateRef: {name: a, group: a_b}}"),
       "`wasm[0].code.image.tls.caCertificateRef.group` must be 1 to 253 of a-z"},
      {image(", pullSecretRef: {name: a, namespace: Other_x}"),
       "`wasm[0].code.image.pullSecretRef.namespace` must be 1 to 63 of a-z"},
      {policy("targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: a, "
              "sectionName: X y}]",
              "name: a"),
       "`targetRefs[0].sectionName` must be 1 to 253 of a-z"},
      {policy("targetSelectors: [{kind: Gateway, matchLabels: {a: b}}]\n  mergeType: JSONMerge",
              "name: a"),
       "`mergeType` is for routes, and a target is a Gateway"},
      {policy("targetSelectors: [{kind: Gateway, namespaces: {from: Any}}]", "name: a"),
       "`targetSelectors[0].namespaces.from` cannot be `Any`"},
      {policy("targetSelectors: [{kind: Gateway, matchExpressions: [{key: a, op: In}]}]",
              "name: a"),
       "`targetSelectors[0].matchExpressions[0]` needs `operator`"},
      {policy("targetSelectors: [{kind: Gateway, matchExpressions: [{key: a, operator: In, "
              "values: b}]}]",
              "name: a"),
       "`targetSelectors[0].matchExpressions[0].values` must be a list, not a string"},
      {policy(
           targets + "\n  lua: [{type: Inline, valueRef: {group: '', kind: ConfigMap, name: s}}]",
           "name: a"),
       "a script of type Inline needs `inline`"},
      {policy(targets + "\n  lua: [{type: Inline, inline: x, valueRef: {group: '', kind: "
                        "ConfigMap, name: s}}]",
              "name: a"),
       "`valueRef` is not for a script of type Inline"},
      {"apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyExtensionPolicys\nmetadata: {name: "
       "p}\n",
       "Envoy Gateway has no gateway.envoyproxy.io/v1alpha1 EnvoyExtensionPolicys"},
      {image(", pullSecretRef: registry"),
       "`wasm[0].code.image.pullSecretRef` must be a mapping, not a string"},
      {image(", pullSecretRef: {kind: Secret}"), "`wasm[0].code.image.pullSecretRef` needs `name`"},
      {image(", pullSecretRef: {kind: ConfigMap, name: s}"),
       "`wasm[0].code.image.pullSecretRef.kind` cannot be `ConfigMap`"},
      {image(", tls: {caCertificateRef: {kind: ConfigMap}}"),
       "`wasm[0].code.image.tls.caCertificateRef` needs `name`"},
      {image(", sha256: [x]"), "`sha256` must be a string, not a list"},
      {policy(targets + "\n  mergeType: Replace", "name: a"), "`mergeType` cannot be `Replace`"},
      {policy("targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: g}]\n  "
              "mergeType: StrategicMerge",
              "name: a"),
       "`mergeType` is for routes, and a target is a Gateway"},
      {one("code: {type: Image, image: {url: 'a.b/CC:v1'}}"),
       "repository `CC` has an upper-case letter: Envoy Gateway cannot read the image's name"},
      {one("code: {type: Image, image: {url: 'a.b/cd:v1'}, pullPolicy: Always}\n    config: {a: "
           ".nan}"),
       "JSON has no number `.nan`"},
      {"apiVersion: gateway.envoyproxy.io/v1beta1\nkind: EnvoyExtensionPolicy\nmetadata: {name: "
       "p}\n",
       "Envoy Gateway has no gateway.envoyproxy.io/v1beta1 EnvoyExtensionPolicy [unknown-kind] "
       "`gateway.envoyproxy.io/v1alpha1` has EnvoyExtensionPolicy"},
      {"apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyExtensionPolicy\nmetadata: {name: "
       "p}\nspec: []\n",
       "`spec` must be a mapping, not a list"},
  };
  for (const auto& [text, want] : wrong) {
    CAPTURE(text);
    CHECK(findings(text).find(want) != std::string::npos);
  }
  const std::string right[] = {
      policy("targetSelectors: [{kind: HTTPRoute, matchLabels: {a: b}}]",
             "code: {type: Image, image: {url: 'a.b/cc@sha256:00', pullSecretRef: {name: s, "
             "namespace: ns}, tls: {caCertificateRef: {group: '', kind: ConfigMap, name: ca}}}, "
             "pullPolicy: IfNotPresent}\n    config: [any, {a: 1}]\n    env: {hostKeys: [A]}\n    "
             "failOpen: true"),
      policy(targets + "\n  mergeType: StrategicMerge\n  extProc: [{}]\n  lua: [{type: Inline, "
                       "inline: x}, {type: ValueRef, valueRef: "
                       "{kind: ConfigMap, group: '', name: s}}, {inline: x, type: ~}]",
             "config: text\n    code: {type: HTTP, http: {url: 'https://a.b/cc', sha256: '" +
                 std::string(64, 'a') + "'}}"),
      image(""),
      // What has a default may be null.
      image(", tls: {caCertificateRef: {name: s, kind: ~, group: ~}}"),
      one("failOpen: ~\n    code: {type: Image, image: {url: 'a.b/cc@sha256:00'}}"),
      policy("targetSelectors: [{kind: HTTPRoute, group: ~, matchExpressions: [{key: a, operator: "
             "Exists}], namespaces: {from: Selector, selector: {matchLabels: {a: b}}}}]",
             "code: {type: Image, image: {url: 'a.b/cc@sha256:00'}}"),
      "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyPatchPolicy\nmetadata: {name: p}\n",
      one("code: {type: Image, image: {url: 'localhost:5000/a/b:V1@sha256:00'}}"),
      "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nmetadata: {name: p}\n",
  };
  for (const auto& text : right) {
    CAPTURE(text);
    CHECK(findings(text) == "");
  }
}

TEST_CASE("every rule of check was seen above") {
  for (const auto& rule : kube::manifest_rules()) {
    CAPTURE(rule.name);
    CHECK(rules_seen.contains(rule.name));
  }
}

TEST_CASE("a module's facts are about its own plugin") {
  auto inventory = read(plugin("{url: 'oci://a.b/cc@sha256:00'}", "a") +
                        plugin("{url: 'oci://a.b/dd@sha256:01'}", "b"));
  inventory.module = kube::ModuleFacts{.plugin = "b", .observes = true};
  CHECK(findings(inventory) ==
        "8:18 plugin `b` changes no request, but all traffic is denied when it fails (FAIL_CLOSE "
        "is the default) [observer-fails-closed] write `failStrategy: FAIL_OPEN`\n");
}

TEST_CASE("check reads what is no manifest without harm") {
  for (const char* text :
       {"apiVersion: apps/v1\nkind: Deployment\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: x\n",
        "apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nspec: {wasm: []}\n",
        "apiVersion: v1\nkind: Secret\ndata: {.dockerconfigjson: '!!'}\n",
        "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyExtensionPolicy\nspec: "
        "{targetRefs: "
        "x, wasm: [x, {code: y}, {code: {image: [], http: {url: []}}}]}\n",
        "apiVersion: v1\nkind: List\nitems: {kind: List}\n", "kind: [List]\n"}) {
    CAPTURE(text);
    (void)findings(text);
  }
}

TEST_CASE("what is rendered is judged by itself") {
  const auto rules = [](const std::string& text) {
    std::string out;
    for (const auto& finding : kube::check_rendered(lengthen(text), "stdout")) {
      out += std::string(finding.rule) + ' ';
    }
    return out;
  };
  const std::string image = "url: 'oci://a.b/cc@sha256:00'";
  CHECK(rules(plugin("{" + image + ", imagePullSecret: s}")) == "");
  CHECK(rules(plugin("{" + image +
                     ", match: [{mode: SERVER}], targetRefs: [{group: gateway.networking.k8s.io, "
                     "kind: Gateway, name: in}]}")) == "gateway-mode ");
  CHECK(rules(plugin("{" + image +
                     ", selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: "
                     "waypoint}}}")) == "waypoint-selector ");
  const std::string spec = "{" + image + ", selector: {matchLabels: {app: web}}}";
  CHECK(rules(plugin(spec) + plugin(spec, "b")) == "same-order ");
  CHECK(rules(plugin(kFilePlugin) + config_map("default", kModule)) == "");
}
