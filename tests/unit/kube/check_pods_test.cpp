// Pods: which get a proxy, what it mounts, and what only looks like a mistake.
#include <doctest/doctest.h>

#include "tests/unit/kube/checking.hpp"

using namespace checking;

namespace {

const std::string kImagePlugin =
    "{url: 'oci://a.b/cc@sha256:00', selector: {matchLabels: {app: web}}}";
const std::string kForAll = "{url: 'oci://a.b/cc@sha256:00'}";
const std::string kApp = "{containers: [{name: app, image: x}]}";

std::string of_kind(const std::string& api_version, const std::string& kind,
                    const std::string& pod_spec, const std::string& labels = "{app: web}") {
  return "apiVersion: " + api_version + "\nkind: " + kind +
         "\nmetadata: {name: web}\nspec:\n  template:\n    metadata: {labels: " + labels +
         "}\n    spec: " + pod_spec + "\n---\n";
}

std::string annotated(const std::string& volume, const std::string& mount) {
  return workload(kApp, "{sidecar.istio.io/userVolume: '" + volume +
                            "', sidecar.istio.io/userVolumeMount: '" + mount + "'}");
}

std::string ns(const std::string& labels) {
  return "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: " + labels +
         "}\n---\n";
}

}  // namespace

TEST_CASE("check reads Istio's annotations as Go does, whatever the capitals") {
  const auto files = plugin(kFilePlugin) + config_map("default", kModule);
  CHECK(findings(files + annotated(R"({"v":{"configmap":{"NAME":"cm"}}})",
                                   R"({"v":{"mountpath":"/etc/wasm/a","readonly":true}})")) == "");
  CHECK(findings(files +
                 annotated(R"([{"Name":"v","ConfigMap":{"name":"cm","Items":[{"KEY":"plugin.wasm",)"
                           R"("Path":"plugin.wasm"}]}}])",
                           R"([{"name":"v","mountPath":"/etc/wasm/a","subpath":""}])")) == "");
  // What is read is judged.
  CHECK(findings(files + annotated(R"({"v":{"configmap":{"name":"cm"}}})",
                                   R"({"v":{"mountpath":"/etc/istio/proxy"}})"))
            .find("/etc/istio/proxy is mounted by Istio itself") != std::string::npos);
  CHECK(findings(files + annotated(R"({"v":{"configmap":{"name":"cm","items":[{"KEY":"b","PATH":)"
                                   R"("plugin.wasm"}]}}})",
                                   R"({"v":{"mountpath":"/etc/wasm/a"}})"))
            .find("ConfigMap `cm` has no key `b`") != std::string::npos);
  // Another spelling is dropped.
  for (const char* mount :
       {R"({"v":{"mount_path":"/etc/wasm/a"}})", R"({"v":{"mountPth":"/x"}})"}) {
    CAPTURE(mount);
    CHECK(findings(files + annotated(R"({"v":{"comfigMap":{"name":"cm"}}})", mount))
              .find("the injector drops `comfigMap`") != std::string::npos);
  }
}

TEST_CASE("a plugin without a selector means the proxies that there are") {
  const auto without =
      of_kind("batch/v1", "Job", kApp, "{app: x, sidecar.istio.io/inject: 'false'}");
  const auto on_host =
      of_kind("apps/v1", "DaemonSet", "{hostNetwork: true, containers: [{name: a}]}");
  for (const auto& spec : {kForAll, std::string("{url: 'oci://a.b/cc@sha256:00', selector: {}}"),
                           std::string("{url: 'oci://a.b/cc@sha256:00', selector: {matchLabels: "
                                       "{}}}")}) {
    CAPTURE(spec);
    CHECK(findings(plugin(spec) + workload(kApp) + without) == "");
    CHECK(findings(plugin(spec) + on_host) == "");
    CHECK(findings(plugin(spec) + ns("{istio.io/dataplane-mode: ambient}") + workload(kApp)) == "");
  }
  // They need no module, either.
  CHECK(findings(plugin("{url: 'file:///etc/wasm/a/plugin.wasm'}") + without) == "");
  // One that names them means them.
  CHECK(findings(plugin("{url: 'oci://a.b/cc@sha256:00', selector: {matchLabels: {app: x}}}") +
                 without) ==
        "8:18 the pods of job/web get no proxy (sidecar.istio.io/inject is false), so plugin `a` "
        "cannot run there [injection-off] allow the injection, or leave the workload out of the "
        "selector\n");
}

TEST_CASE("in pods of a cluster Istio's proxy is no mistake") {
  const auto pod = [](const std::string& more, const std::string& spec) {
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: web-1, labels: {app: web" + more +
           "}}\nspec: " + spec + "\n---\n";
  };
  const std::string status =
      "}, annotations: {sidecar.istio.io/status: '{\"containers\":[\"istio-proxy\"]}'";
  const std::string proxy =
      "{containers: [{name: istio-proxy, image: 'docker.io/istio/proxyv2:1.29.0', volumeMounts: "
      "[{name: istio-data, mountPath: /var/lib/istio/data}]}], volumes: [{name: istio-data, "
      "emptyDir: {}}]}";
  const std::string native =
      "{initContainers: [{name: istio-proxy, image: 'istio/proxyv2:1.29.0'}]}";
  const std::string image =
      "[proxy-image] write `image: auto`: the injector puts the right one there\n";
  CHECK(findings(plugin(kImagePlugin) + pod(status, proxy)) == "");
  CHECK(findings(plugin(kImagePlugin) + pod(status, native)) == "");
  CHECK(findings(plugin(kImagePlugin) +
                 pod(", gateway.istio.io/managed: istio.io-gateway-controller", proxy)) == "");
  CHECK(findings("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: "
                 "{name: p, annotations: {sidecar.istio.io/status: '{}'}}\n  spec: " +
                 proxy) == "");
  // Its mounts are judged.
  CHECK(findings(plugin(kFilePlugin) + pod(status, proxy)).find("[not-mounted]") !=
        std::string::npos);
  // In a template it is one.
  CHECK(findings(plugin(kImagePlugin) + pod("", native)).ends_with(image));
  CHECK(findings(plugin(kImagePlugin) + workload(native)).ends_with(image));
}

TEST_CASE("a module may be in an image of one's own") {
  const auto bare = [](const std::string& image) {
    return plugin(kFilePlugin) + workload("{containers: [{name: app}]}",
                                          "{sidecar.istio.io/proxyImage: '" + image + "'}");
  };
  CHECK(findings(bare("a.b/proxy-with-a:1")) ==
        "8:18 deployment/web has nothing mounted at /etc/wasm/a/plugin.wasm; is the module of "
        "plugin `a` in the image a.b/proxy-with-a:1? [in-proxy-image] if it is not, mount it: "
        "`wasmctl patch`\n");
  CHECK(findings(plugin(kFilePlugin) +
                 workload("{containers: [{name: istio-proxy, image: 'a.b/proxy:1'}]}",
                          "{sidecar.istio.io/inject: 'false'}"))
            .find("[in-proxy-image]") != std::string::npos);
  // Istio's own has none.
  CHECK(findings(bare("docker.io/istio/proxyv2:1.29.0")).find("[not-mounted]") !=
        std::string::npos);
  CHECK(findings(plugin(kFilePlugin) + workload("{containers: [{name: app}]}",
                                                "{sidecar.istio.io/proxyImageType: distroless}"))
            .find("[not-mounted]") != std::string::npos);
  // What is mounted there hides it.
  CHECK(findings(plugin(kFilePlugin) + config_map("default", kFilterModule) +
                 workload(kMounted, "{sidecar.istio.io/proxyImage: 'a.b/proxy:1'}"))
            .find("[config-map-key]") != std::string::npos);
}

TEST_CASE("what has a pod template with containers is a workload") {
  const std::pair<const char*, const char*> kinds[] = {
      {"argoproj.io/v1alpha1", "Rollout"},
      {"serving.knative.dev/v1", "Service"},
      {"apps/v1", "ReplicaSet"},
      {"apps.openshift.io/v1", "DeploymentConfig"},
      {"apps.kruise.io/v1alpha1", "CloneSet"},
  };
  for (const auto& [api_version, kind] : kinds) {
    CAPTURE(kind);
    CHECK(findings(plugin(kImagePlugin) + of_kind(api_version, kind, kApp)) == "");
    CHECK(findings(plugin(kFilePlugin) + of_kind(api_version, kind, kApp)).find("[not-mounted]") !=
          std::string::npos);
  }
  CHECK(findings(plugin(kFilePlugin) + of_kind("argoproj.io/v1alpha1", "Rollout", kApp))
            .starts_with("8:18 rollout/web has nothing mounted"));
  // A Secret's template has no containers, and a Service none at all.
  CHECK(read("apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s}\nspec: "
             "{template: {metadata: {labels: {app: web}}, data: {}}}\n---\napiVersion: v1\nkind: "
             "Service\nmetadata: {name: s}\nspec: {selector: {app: web}}\n")
            .workloads.empty());
}

TEST_CASE("the injector makes a gateway by its template, not by a label") {
  const std::string annotations =
      R"(sidecar.istio.io/userVolume: '{"v":{"configMap":{"name":"cm"}}}', )"
      R"(sidecar.istio.io/userVolumeMount: '{"v":{"mountPath":"/etc/wasm/a"}}')";
  const auto gateway = [&](const std::string& more) {
    return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    "
           "metadata: {labels: {app: web, istio: ingressgateway}, annotations: {" +
           annotations + more + "}}\n    spec: " + kApp + "\n---\n";
  };
  const auto files = plugin(kFilePlugin) + config_map("default", kModule);
  CHECK(findings(files + gateway("")) == "");
  CHECK(findings(files + gateway(", inject.istio.io/templates: gateway"))
            .find("[gateway-annotation]") != std::string::npos);
}

TEST_CASE("what is the same for many workloads is said once") {
  std::string many;
  for (const char* name : {"web", "shop", "cart"}) {
    many += "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + std::string(name) +
            "}\nspec: {template: {metadata: {labels: {app: web}}, spec: " + kApp + "}}\n---\n";
  }
  CHECK(findings(plugin(kForAll) + plugin(kForAll, "b") + many) ==
        "8:18 plugins `a` and `b` of 3 workloads have the same place (no phase, priority 0) "
        "[same-order] their names decide the order: give each a priority of its own\n");
  CHECK(findings(many + plugin(kFilePlugin)) ==
        "3:18 deployment/web and 2 more workloads have nothing mounted at "
        "/etc/wasm/a/plugin.wasm, where plugin `a` looks for its module [not-mounted] mount it: "
        "`wasmctl patch`, or `wasmctl render --via configmap --workload`\n");
  // Neighbours only: of four in one place three pairs.
  std::string four;
  for (const char* name : {"d", "b", "c", "a"}) four += plugin(kForAll, name);
  const auto found = findings(four + many);
  CHECK(std::ranges::count(found, '\n') == 3);
  CHECK(found.find("plugins `a` and `b` of") != std::string::npos);
  CHECK(found.find("plugins `b` and `c` of") != std::string::npos);
  CHECK(found.find("plugins `c` and `d` of") != std::string::npos);
  // Those of one selector, or of one target, meet wherever that is.
  CHECK(findings(plugin(kImagePlugin) + plugin(kImagePlugin, "b")) ==
        "8:18 plugins `a` and `b` have the same place (no phase, priority 0) [same-order] their "
        "names decide the order: give each a priority of its own\n");
  const std::string target =
      "{url: 'oci://a.b/cc@sha256:00', targetRefs: [{group: gateway.networking.k8s.io, kind: "
      "Gateway, name: g}]}";
  CHECK(findings(plugin(target) + plugin(target, "b")).find("[same-order]") != std::string::npos);
  // Other selectors, other places.
  CHECK(findings(plugin(kImagePlugin) +
                 plugin("{url: 'oci://a.b/cc@sha256:00', selector: {matchLabels: {app: x}}}",
                        "b")) == "");
}
