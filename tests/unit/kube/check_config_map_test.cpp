// ConfigMaps: is the one that is mounted there, and is a module in it?
#include <doctest/doctest.h>

#include "base/base64.hpp"
#include "tests/unit/kube/checking.hpp"

using namespace checking;

namespace {

using wasmctl::base::base64_encode;

std::string mounting(const std::string& config_map, const std::string& more = "") {
  return workload(
      "{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v, mountPath: "
      "/etc/wasm/a" +
      more + "}]}], volumes: [{name: v, configMap: {name: " + config_map + "}}]}");
}

std::string named(const std::string& name, const std::string& data = kModule) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n" + data + "\n---\n";
}

std::string binary(const std::string& bytes) {
  return "binaryData: {plugin.wasm: '" + base64_encode(bytes) + "'}";
}

}  // namespace

TEST_CASE("check compares the ConfigMap that is mounted with those of the files") {
  const std::string absent =
      "ConfigMap `%`, which deployment/web mounts for plugin `a`, is not in these files "
      "[config-map-absent] see that it is in the cluster: `kubectl get configmap % -n default`; "
      "without it the pods do not start\n";
  const auto absent_of = [&](const std::string& name) {
    auto text = "7:121 " + absent;
    for (auto at = text.find('%'); at != std::string::npos; at = text.find('%')) {
      text.replace(at, 1, name);
    }
    return text;
  };
  const auto stale = [](const std::string& mounted, const std::string& have) {
    return "7:121 deployment/web mounts ConfigMap `" + mounted +
           "` for plugin `a`, but the files have `" + have +
           "` [config-map-stale] a module's ConfigMap has another name with each build: write the "
           "new one into the pod template, `wasmctl patch` does\n";
  };
  const std::pair<std::string, std::string> cases[] = {
      {mounting("a-5b2c81d0aa") + named("a-5b2c81d0aa"), ""},
      {mounting("a-0d93aa417e") + named("a-5b2c81d0aa"), stale("a-0d93aa417e", "a-5b2c81d0aa")},
      {mounting("a") + named("a-5b2c81d0aa"), stale("a", "a-5b2c81d0aa")},
      {mounting("tally2") + named("tally"), stale("tally2", "tally")},
      {mounting("a-0d93aa417e") + named("other"), absent_of("a-0d93aa417e")},
      {mounting("a-0d93aa417e") + named("a-5b2c81d0aa", "data: {readme: x}"),
       absent_of("a-0d93aa417e")},
      {mounting("a-0d93aa417e"), absent_of("a-0d93aa417e")},
      // Two versions side by side: the new one has its own pods.
      {mounting("a-0d93aa417e") + named("a-5b2c81d0aa") +
           "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: canary}\nspec:\n  template:\n"
           "    metadata: {labels: {app: web}}\n    spec: {containers: [{name: istio-proxy, image: "
           "auto, volumeMounts: [{name: v, mountPath: /etc/wasm/a}]}], volumes: [{name: v, "
           "configMap: {name: a-5b2c81d0aa}}]}\n---\n",
       absent_of("a-0d93aa417e")},
      // What no plugin needs.
      {workload("{containers: [{name: app, volumeMounts: [{name: v, mountPath: /conf}]}, {name: "
                "istio-proxy, image: auto, volumeMounts: [{name: w, mountPath: /etc/wasm/a}]}], "
                "volumes: [{name: v, configMap: {name: settings}}, {name: w, configMap: {name: "
                "cm}}]}") +
           named("cm"),
       ""},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    CHECK(findings(text + plugin(kFilePlugin)).substr(0, want.size() + 1) == want);
  }
  // In annotations, too.
  CHECK(findings(plugin(kFilePlugin) + named("a-5b2c81d0aa") +
                 workload("{containers: [{name: app}]}",
                          R"({sidecar.istio.io/userVolume: '{"v":{"configMap":{"name":)"
                          R"("a-0d93aa417e"}}}', sidecar.istio.io/userVolumeMount: )"
                          R"('{"v":{"mountPath":"/etc/wasm/a"}}'})"))
            .starts_with("16:79 deployment/web mounts ConfigMap `a-0d93aa417e` for plugin `a`, but "
                         "the files have `a-5b2c81d0aa` [config-map-stale]"));
}

TEST_CASE("of a module that is at hand check knows the name of the ConfigMap") {
  auto files = read(plugin(kFilePlugin) + mounting("a-0d93aa417e"));
  files.module = kube::ModuleFacts{.hash = "5b2c81d0aa"};
  CHECK(findings(files).find(
            "deployment/web mounts ConfigMap `a-0d93aa417e` for plugin `a`, but the module's is "
            "`a-5b2c81d0aa` [config-map-build]") != std::string::npos);
  files.module->hash = "0d93aa417e";
  CHECK(findings(files).find("config-map-build") == std::string::npos);
  // A name of one's own says nothing of a build.
  files = read(plugin(kFilePlugin) + mounting("wasm"));
  files.module = kube::ModuleFacts{.hash = "5b2c81d0aa"};
  CHECK(findings(files).find("config-map-build") == std::string::npos);
}

TEST_CASE("check reads the module in a ConfigMap") {
  const std::string minimal("\0asm\1\0\0\0", 8);
  struct Case {
    std::string data;
    std::string want;
  };
  const std::string where = "`plugin.wasm` of ConfigMap `cm`";
  const std::string put =
      "all traffic is denied: put the module there, `wasmctl render --via "
      "configmap` does\n";
  const Case cases[] = {
      {kModule, ""},
      {binary("not yet"),
       "4:14 " + where + ": not a Wasm module but a text file [config-map-module] " + put},
      {binary("\x1f\x8b\x08 and more"),
       "4:14 " + where + ": not a Wasm module but gzip data [config-map-module] " + put},
      {binary("<html><body>404</body></html>"),
       "4:14 " + where + ": not a Wasm module but an HTML page [config-map-module] " + put},
      {binary(""),
       "4:14 " + where + ": not a Wasm module but an empty file [config-map-module] " + put},
      {binary(base64_encode(minimal)),
       "4:14 " + where +
           ": not a Wasm module but the base64 text of a module: decode it first "
           "[config-map-module] it is base64 twice: `kubectl create configmap --from-file` makes "
           "that of a file that is base64 already; give it the module itself\n"},
      {binary(minimal.substr(0, 6)),
       "4:14 " + where + ": the file ends inside the header, after 6 bytes [config-map-module] " +
           put},
      {"binaryData: {plugin.wasm: 'AGFzbQ--%'}",
       "4:14 `plugin.wasm` under `binaryData` is not base64 [config-map-base64] the API server "
       "refuses the ConfigMap: encode the file with `base64 -w 0`\n"},
      {"binaryData: {plugin.wasm: AGFzbQ}",  // without its padding
       "4:14 `plugin.wasm` under `binaryData` is not base64 [config-map-base64] the API server "
       "refuses the ConfigMap: encode the file with `base64 -w 0`\n"},
      {"data: {plugin.wasm: later}",
       "4:8 " + where +
           " is text under `data`, no module [config-map-module] a module is binary: put it under "
           "`binaryData`, `wasmctl render --via configmap` does\n"},
  };
  for (const auto& [data, want] : cases) {
    CAPTURE(data);
    CHECK(findings(config_map("default", data) + plugin(kFilePlugin) + mounting("cm")) == want);
  }
  // A module that Envoy does not load is told as lint tells it.
  const auto found =
      findings(config_map("default", binary(minimal)) + plugin(kFilePlugin) + mounting("cm"));
  CHECK(found.starts_with("4:14 the module `plugin.wasm` of ConfigMap `cm` "));
  // Found by items and by subPath; what no plugin needs may be anything.
  const std::string filter = "binaryData: {filter.wasm: bm90IHlldA==, other: bm90IHlldA==}";
  CHECK(findings(config_map("default", filter) + plugin(kFilePlugin) +
                 workload("{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v, "
                          "mountPath: /etc/wasm/a}]}], volumes: [{name: v, configMap: {name: cm, "
                          "items: [{key: filter.wasm, path: plugin.wasm}]}}]}"))
            .starts_with("4:14 `filter.wasm` of ConfigMap `cm`: not a Wasm module"));
  CHECK(findings(config_map("default", filter) + plugin(kFilePlugin) +
                 workload("{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v, "
                          "mountPath: /etc/wasm/a/plugin.wasm, subPath: filter.wasm}]}], volumes: "
                          "[{name: v, configMap: {name: cm}}]}"))
            .starts_with("4:14 `filter.wasm` of ConfigMap `cm`: not a Wasm module"));
  CHECK(findings(config_map("default", filter)) == "");
}

TEST_CASE("check counts what client-side apply copies") {
  const auto of_size = [](std::size_t bytes) {
    return "binaryData: {a: " + base64_encode(std::string(bytes, 'x')) + "}";
  };
  CHECK(findings(config_map("default", of_size(196'000))) == "");
  CHECK(findings(config_map("default", of_size(200'000))) ==
        "3:18 `kubectl apply` refuses ConfigMap `cm`: it copies the object, of 266775 bytes, into "
        "an annotation, and all together may have 262144 [config-map-apply] `kubectl apply "
        "--server-side`, or `ServerSideApply=true` in Argo CD\n");
  const auto half = base64_encode(std::string(100'000, 'x'));
  CHECK(findings(config_map("default", "binaryData: {a: " + half + "}\ndata: {b: " + half + "}"))
            .find("[config-map-apply]") != std::string::npos);
  // What comes from a cluster is there already.
  CHECK(findings("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm, uid: x}\n" +
                 of_size(200'000)) == "");
}
