// A repository of many files: kustomizations, environments side by side, data.
#include <doctest/doctest.h>

#include "tests/unit/kube/checking.hpp"

using namespace checking;

namespace {

const std::string kImagePlugin =
    "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a, namespace: "
    "shop}\nspec: {url: 'oci://a.b/cc@sha256:00', selector: {matchLabels: {app: web}}}\n";
const std::string kInShop =
    "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a, namespace: "
    "shop}\nspec: {url: 'file:///etc/wasm/a/plugin.wasm', selector: {matchLabels: {app: web}}}\n";

std::string web(const std::string& ns,
                const std::string& pod_spec = "{containers: [{name: app}]}") {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web" +
         (ns.empty() ? "" : ", namespace: " + ns) +
         "}\nspec: {template: {metadata: {labels: {app: web}}, spec: " + pod_spec + "}}\n";
}

std::string notes(const Files& files) {
  std::string out;
  for (const auto& note : files.notes) out += note + '\n';
  return out;
}

}  // namespace

TEST_CASE("what a kustomization may mend is no mistake") {
  const auto checked = [](const std::string& kustomization, const std::string& plugin_text,
                          const std::string& workload_text) {
    return read({{"d/kustomization.yaml", kustomization},
                 {"d/plugin.yaml", plugin_text},
                 {"d/web.yaml", workload_text}});
  };
  const std::string resources = "resources: [plugin.yaml, web.yaml]\n";
  const auto says = [](const std::string& fields) {
    return "d/kustomization.yaml changes more than check follows (" + fields +
           "): check what `kubectl kustomize d` prints\n";
  };
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {"namespace: shop\n", web(""), "namespace"},
      {"namePrefix: dev-\n", web("shop"), "namePrefix"},
      {"labels: [{pairs: {app: web}, includeTemplates: true}]\n", web("shop"), "labels"},
      {"configMapGenerator: [{name: cm, files: [plugin.wasm]}]\n", web("shop", kMounted),
       "configMapGenerator"},
      {"patches: [{target: {kind: Deployment}, patch: '- {op: add, path: /x, value: 1}'}]\n",
       web("shop"), "patches"},
      {"patches: [{path: ops.yaml, target: {kind: Deployment}}]\n", web("shop"), "patches"},
      {"patches: [{path: not-here.yaml}]\n", web("shop"), "patches"},
      {"patchesJson6902: [{path: ops.yaml, target: {kind: Deployment, name: web}}]\n", web("shop"),
       "patchesJson6902"},
      {"patchesStrategicMerge: [\"apiVersion: apps/v1\\nkind: Deployment\"]\n", web("shop"),
       "patchesStrategicMerge"},
  };
  for (const auto& [more, workload_text, field] : cases) {
    CAPTURE(more);
    const auto files = checked(resources + more, kInShop, workload_text);
    CHECK(findings(files) == "");
    CHECK(notes(files) == says(field));
  }
  // What nothing mends.
  const auto wrong =
      checked(resources + "namespace: shop\n",
              "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: "
              "{name: a}\nspec: {url: 'oci://a.b/cc@sha256:00', phase: LAST}\n",
              web(""));
  CHECK(findings(wrong) ==
        "d/plugin.yaml:4:46 `phase` cannot be `LAST` [bad-value] one of: UNSPECIFIED_PHASE, AUTHN, "
        "AUTHZ, STATS\n");
  // Where it names resources only, all is as in the files.
  const auto plain = checked(resources, kInShop, web("shop"));
  CHECK(findings(plain).find("[not-mounted]") != std::string::npos);
  CHECK(notes(plain) == "");
  // And in the directory beside it.
  const auto beside = read({{"d/kustomization.yaml", "namespace: shop\nresources: [web.yaml]\n"},
                            {"d/web.yaml", web("")},
                            {"e/plugin.yaml", kInShop},
                            {"e/web.yaml", web("shop")}});
  CHECK(findings(beside).starts_with("e/web.yaml:3:18 deployment/web has nothing mounted"));
}

TEST_CASE("check follows kustomizations through directories") {
  const auto overlay = [](const std::string& kustomization) {
    return read({{"base/kustomization.yaml", "resources: [web.yaml]\n"},
                 {"base/web.yaml", web("shop")},
                 {"plugin/Kustomization",
                  "kind: Component\nresources: [plugin.yaml]\npatches: "
                  "[{path: patch.yaml}]\n"},
                 {"plugin/plugin.yaml", kInShop},
                 {"plugin/patch.yaml", web("", kMounted)},
                 {"prod/kustomization.yaml", kustomization},
                 {"cm.yaml", config_map("shop", kModule)}});
  };
  // A component whose patches are followed is as good as written there.
  const auto followed = overlay("resources: [../base]\ncomponents: [../plugin/]\n");
  CHECK(findings(followed) == "");
  CHECK(notes(followed) == "");
  CHECK(followed.workloads.size() == 1);
  // Whatever is below is changed with it.
  const auto changed = overlay("resources: [../base]\nnamePrefix: x-\n");
  CHECK(changed.mended[1]);
  CHECK_FALSE(changed.mended[3]);
  // A part of a plugin is none: it has no url to judge.
  const auto partial = read(
      {{"d/kustomization.yaml", "resources: [../plugin.yaml]\npatches: [{path: patch.yaml}]\n"},
       {"d/patch.yaml",
        "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\n"
        "metadata: {name: a, namespace: shop}\nspec: {phase: AUTHN}\n"},
       {"plugin.yaml", kImagePlugin}});
  CHECK(findings(partial) == "");
  CHECK(partial.plugins.size() == 1);
}

TEST_CASE("one name in the directories of several environments is no mistake") {
  const auto priority = kImagePlugin;
  const auto double_of = [](const std::string& file, const std::string& rule) {
    return file +
           ":3:18 a second WasmPlugin `a` in namespace shop; the first is in dev/a.yaml:3:18 [" +
           rule + "] the one that is applied last replaces the other\n";
  };
  CHECK(findings(read({{"dev/a.yaml", kImagePlugin}, {"prod/a.yaml", kImagePlugin}})) == "");
  CHECK(findings(read({{"dev/a.yaml", kImagePlugin}, {"dev/b.yaml", kImagePlugin}})) ==
        double_of("dev/b.yaml", "same-name-nearby"));
  CHECK(findings(read({{"dev/a.yaml", kImagePlugin},
                       {"prod/a.yaml", kImagePlugin},
                       {"kustomization.yaml", "resources: [dev/a.yaml, prod/a.yaml]\n"}})) ==
        double_of("prod/a.yaml", "same-name-nearby"));
  CHECK(findings(kImagePlugin + "---\n" + kImagePlugin).find("[same-name]") != std::string::npos);
  const std::string policies =
      policy("targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: g}]",
             "code: {type: Image, image: {url: 'a.b/cc@sha256:00'}}");
  CHECK(findings(read({{"dev/p.yaml", policies}, {"prod/p.yaml", policies}})) == "");
}

TEST_CASE("a plugin goes to the copy of a workload that is beside it") {
  const auto files = [](const std::string& dev, const std::string& prod) {
    return read({{"dev/a.yaml", kImagePlugin},
                 {"dev/web.yaml", dev},
                 {"prod/a.yaml", kInShop},
                 {"prod/web.yaml", prod},
                 {"prod/cm.yaml", config_map("shop", kModule)}});
  };
  CHECK(findings(files(web("shop"), web("shop", kMounted))) == "");
  CHECK(findings(files(web("shop", kMounted), web("shop")))
            .find("prod/web.yaml:3:18 deployment/web has nothing mounted") != std::string::npos);
}

TEST_CASE("what has not the words of a manifest is none") {
  CHECK(kube::may_hold_manifests("apiVersion: v1\nkind: Pod\n", "a.yaml"));
  CHECK(kube::may_hold_manifests(R"({"apiVersion": "v1", "kind": "Pod"})", "a.json"));
  CHECK(kube::may_hold_manifests("resources: []\n", "a/kustomization.yaml"));
  CHECK_FALSE(kube::may_hold_manifests("{\"order\": 1}\n{\"order\": 2}\n", "orders.json"));
  CHECK_FALSE(kube::may_hold_manifests("// a comment\n{\"kind\": 1}\n", "tsconfig.json"));
  // One that is broken is still one, and a template is named.
  CHECK(findings("apiVersion: v1\nkind: Pod\nmetadata: {name: a\n").find("[yaml]") !=
        std::string::npos);
  CHECK(findings("{{- if .Values.public }}\napiVersion: v1\nkind: Service\n{{- end }}\n")
            .find("a template is no YAML before it is rendered (") != std::string::npos);
}
