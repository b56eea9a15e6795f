#include "kube/patch/text_patch.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using wasmctl::Error;
namespace kube = wasmctl::kube;

namespace {

const kube::Mount kMount{"a", kube::VolumeSource::config_map, "a-1"};
const kube::Target kEvery{};

std::string patched(const std::string& text, kube::Direction direction = kube::Direction::add,
                    const kube::Mount& mount = kMount, const kube::Target& target = kEvery) {
  return kube::apply_edits(text, kube::patch_text(text, "f.yaml", target, mount, direction).edits);
}

std::string error_of(const std::string& text, const kube::Target& target = kEvery) {
  try {
    return patched(text, kube::Direction::add, kMount, target);
  } catch (const Error& error) {
    return wasmctl::format_error(error);
  }
}

std::string deployment(const std::string& pod_spec) {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    "
         "spec:\n" +
         pod_spec;
}

std::string with_crlf(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
  return out;
}

constexpr char kProxyLines[] =
    "      - name: istio-proxy  # added by wasmctl\n"
    "        image: auto\n"
    "        volumeMounts:\n"
    "        - name: wasm-a\n"
    "          mountPath: /etc/wasm/a\n"
    "          readOnly: true\n";
constexpr char kVolumeLines[] =
    "      - name: wasm-a\n"
    "        configMap:\n"
    "          name: a-1\n";

}  // namespace

TEST_CASE("patch_text adds lines where they belong, and takes them out again to the byte") {
  struct Case {
    std::string name;
    std::string before;
    std::string after;
  };
  const Case cases[] = {
      {"neither proxy nor volumes",
       deployment("      containers:\n      - name: app\n        image: x  # ours\n"),
       deployment("      containers:\n      - name: app\n        image: x  # ours\n") +
           kProxyLines + "      volumes:  # added by wasmctl\n" + kVolumeLines},
      {"volumes before containers",
       deployment("      volumes:\n      - name: tmp\n        emptyDir: {}\n      containers:\n"
                  "      - name: app\n"),
       deployment("      volumes:\n      - name: tmp\n        emptyDir: {}\n") + kVolumeLines +
           "      containers:\n      - name: app\n" + kProxyLines},
      {"lists indented under their keys", deployment("      containers:\n        - name: app\n"),
       deployment("      containers:\n        - name: app\n") +
           "        - name: istio-proxy  # added by wasmctl\n"
           "          image: auto\n"
           "          volumeMounts:\n"
           "            - name: wasm-a\n"
           "              mountPath: /etc/wasm/a\n"
           "              readOnly: true\n"
           "      volumes:  # added by wasmctl\n"
           "        - name: wasm-a\n"
           "          configMap:\n"
           "            name: a-1\n"},
      {"comments that belong to the container stay with it",
       deployment(
           "      containers:\n      - name: app\n        # deeper\n      # as deep\n\n# none\n"),
       deployment("      containers:\n      - name: app\n        # deeper\n") + kProxyLines +
           "      volumes:  # added by wasmctl\n" + kVolumeLines + "      # as deep\n\n# none\n"},
      {"a proxy of one's own, with mounts",
       deployment("      containers:\n      - name: istio-proxy\n        image: auto\n"
                  "        volumeMounts:\n        - name: x\n          mountPath: /x\n"
                  "      volumes: []\n"),
       deployment("      containers:\n      - name: istio-proxy\n        image: auto\n"
                  "        volumeMounts:\n        - name: x\n          mountPath: /x\n"
                  "        - name: wasm-a\n          mountPath: /etc/wasm/a\n"
                  "          readOnly: true\n"
                  "      volumes: [{\"name\":\"wasm-a\",\"configMap\":{\"name\":\"a-1\"}}]\n")},
      {"a proxy of one's own, bare, among the init containers",
       deployment("      initContainers:\n      - image: auto\n        name: istio-proxy\n"
                  "      containers:\n      - name: app\n      volumes: [{name: x}]  # x\n"),
       deployment("      initContainers:\n      - image: auto\n        name: istio-proxy\n"
                  "        volumeMounts:  # added by wasmctl\n"
                  "        - name: wasm-a\n          mountPath: /etc/wasm/a\n"
                  "          readOnly: true\n"
                  "      containers:\n      - name: app\n      volumes: [{name: x}, "
                  "{\"name\":\"wasm-a\",\"configMap\":{\"name\":\"a-1\"}}]  # x\n")},
      {"an empty list of volumes",
       deployment("      volumes:  # none yet\n      containers:\n      - name: app\n"),
       deployment("      volumes:  # none yet\n") + kVolumeLines +
           "      containers:\n      - name: app\n" + kProxyLines},
      {"a literal at the end, and blank lines",
       deployment("      containers:\n      - name: app\n        args:\n        - |\n          x\n"
                  "          y\n\n\n---\na: b\n"),
       deployment("      containers:\n      - name: app\n        args:\n        - |\n          x\n"
                  "          y\n") +
           kProxyLines + "      volumes:  # added by wasmctl\n" + kVolumeLines + "\n\n---\na: b\n"},
      {"a literal that keeps its blank lines",
       deployment(
           "      containers:\n      - name: app\n        args:\n        - |+\n          x\n\n"
           "      restartPolicy: Always\n"),
       deployment(
           "      containers:\n      - name: app\n        args:\n        - |+\n          x\n\n") +
           kProxyLines + "      restartPolicy: Always\n" + "      volumes:  # added by wasmctl\n" +
           kVolumeLines},
      {"a pod",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n"
       "  - name: istio-proxy  # added by wasmctl\n    image: auto\n    volumeMounts:\n"
       "    - name: wasm-a\n      mountPath: /etc/wasm/a\n      readOnly: true\n"
       "  volumes:  # added by wasmctl\n  - name: wasm-a\n    configMap:\n      name: a-1\n"},
      {"letters of more than one byte before it",
       "# \u00e4\u00f6\u00fc \U0001F600\n" +
           deployment("      containers:\n      - name: \"\u00e4\"\n      volumes: []\n"),
       "# \u00e4\u00f6\u00fc \U0001F600\n" +
           deployment("      containers:\n      - name: \"\u00e4\"\n") + kProxyLines +
           "      volumes: [{\"name\":\"wasm-a\",\"configMap\":{\"name\":\"a-1\"}}]\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(patched(c.before) == c.after);
    CHECK(patched(c.after) == c.after);
    CHECK(patched(c.after, kube::Direction::undo) == c.before);
    CHECK(patched(c.before, kube::Direction::undo) == c.before);
    CHECK(patched(with_crlf(c.before)) == with_crlf(c.after));
    CHECK(patched(with_crlf(c.after), kube::Direction::undo) == with_crlf(c.before));
    const auto before = c.before.substr(0, c.before.size() - 1);  // no newline at the end
    CHECK(patched(patched(before), kube::Direction::undo) == before);
    // A second plugin, and out again in either order.
    const kube::Mount other{"b", kube::VolumeSource::image, "r/b@sha256:00"};
    const auto both = patched(c.after, kube::Direction::add, other);
    CHECK(patched(both, kube::Direction::undo, other) == c.after);
    CHECK(patched(patched(both, kube::Direction::undo), kube::Direction::undo, other) == c.before);
  }
}

TEST_CASE("what is in brackets grows in its line, and shrinks again to the byte") {
  const std::string mount = R"({"name":"wasm-a","mountPath":"/etc/wasm/a","readOnly":true})";
  const std::string proxy =
      R"(, {"name" :"istio-proxy","image":"auto","volumeMounts":[)" + mount + "]}";
  const std::string volume = R"({"name":"wasm-a","configMap":{"name":"a-1"}})";
  const std::string head = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{)";
  struct Case {
    std::string name;
    std::string before;
    std::string after;
  };
  const Case cases[] = {
      {"compact JSON", head + R"("containers":[{"name":"app"}]}})" + "\n",
       head + R"("containers":[{"name":"app"})" + proxy + R"(], "volumes" :[)" + volume + "]}}\n"},
      {"empty lists that were there", head + R"("volumes":[],"containers":[{"name":"app"}]}})",
       head + R"("volumes":[)" + volume + R"(],"containers":[{"name":"app"})" + proxy + "]}}"},
      {"a proxy that was there",
       head + R"("containers":[{"name":"istio-proxy","image":"auto","volumeMounts":[]}]}})",
       head + R"("containers":[{"name":"istio-proxy","image":"auto","volumeMounts":[)" + mount +
           R"(]}], "volumes" :[)" + volume + "]}}"},
      {"a block with a list in brackets", deployment("      containers: [{name: app}]  # one\n"),
       deployment("      containers: [{name: app}") + proxy + "]  # one\n" +
           "      volumes:  # added by wasmctl\n" + kVolumeLines},
      {"an item in brackets",
       deployment("      containers:\n      - {name: istio-proxy, image: auto}\n"),
       deployment("      containers:\n      - {name: istio-proxy, image: auto, ") +
           R"("volumeMounts" :[)" + mount + "]}\n      volumes:  # added by wasmctl\n" +
           kVolumeLines},
      {"items of a List",
       "kind: List\napiVersion: v1\nitems:\n- {kind: Service}\n- apiVersion: v1\n  kind: Pod\n"
       "  spec:\n    containers:\n    - name: app\n- {kind: Service}\n",
       "kind: List\napiVersion: v1\nitems:\n- {kind: Service}\n- apiVersion: v1\n  kind: Pod\n"
       "  spec:\n    containers:\n    - name: app\n"
       "    - name: istio-proxy  # added by wasmctl\n      image: auto\n      volumeMounts:\n"
       "      - name: wasm-a\n        mountPath: /etc/wasm/a\n        readOnly: true\n"
       "    volumes:  # added by wasmctl\n    - name: wasm-a\n      configMap:\n"
       "        name: a-1\n- {kind: Service}\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(patched(c.before) == c.after);
    CHECK(patched(c.after) == c.after);
    CHECK(patched(c.after, kube::Direction::undo) == c.before);
    const kube::Mount other{"b", kube::VolumeSource::image, "r/b@sha256:00"};
    const auto both = patched(c.after, kube::Direction::add, other);
    CHECK(patched(both, kube::Direction::undo, other) == c.after);
    CHECK(patched(patched(both, kube::Direction::undo), kube::Direction::undo, other) == c.before);
  }
}

TEST_CASE("annotations are written into those that are there, in their own quotes") {
  const kube::Mount mount{"a", kube::VolumeSource::config_map, "a-1",
                          kube::MountStyle::annotations};
  const std::string volume = R"("wasm-a":{"configMap":{"name":"a-1"}})";
  const std::string mounted = R"("wasm-a":{"mountPath":"/etc/wasm/a","readOnly":true})";
  const auto added = [&](std::string indent) {
    return indent + "sidecar.istio.io/userVolume: '{" + volume + "}'  # added by wasmctl\n" +
           indent + "sidecar.istio.io/userVolumeMount: '{" + mounted + "}'  # added by wasmctl\n";
  };
  const auto with = [](const std::string& metadata) {
    return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n" +
           metadata + "    spec:\n      containers:\n      - name: app\n";
  };
  struct Case {
    std::string name;
    std::string before;
    std::string after;
  };
  const Case cases[] = {
      {"no metadata", with(""),
       with("") + "    metadata:  # added by wasmctl\n      annotations:  # added by wasmctl\n" +
           added("        ")},
      {"no annotations", with("    metadata:\n      labels: {app: web}\n"),
       with("    metadata:\n      labels: {app: web}\n      annotations:  # added by wasmctl\n" +
            added("        "))},
      {"others", with("    metadata:\n      annotations:\n        a: b\n"),
       with("    metadata:\n      annotations:\n        a: b\n" + added("        "))},
      {"an empty mapping", with("    metadata:\n      annotations:\n"),
       with("    metadata:\n      annotations:\n" + added("        "))},
      {"brackets", with("    metadata: {annotations: {}}\n"),
       with(
           R"(    metadata: {annotations: {"sidecar.istio.io/userVolume" :"{\"wasm-a\":{\"configMap\")"
           R"(:{\"name\":\"a-1\"}}}", "sidecar.istio.io/userVolumeMount" :"{\"wasm-a\":{\"mountPath)"
           R"(\":\"/etc/wasm/a\",\"readOnly\":true}}"}})"
           "\n")},
      {"other volumes, in single quotes and as a literal",
       with("    metadata:\n      annotations:\n"
            "        sidecar.istio.io/userVolume: '{\"x\":{\"emptyDir\":{}}}'  # ours\n"
            "        sidecar.istio.io/userVolumeMount: |\n          {\n"
            "            \"x\": {\"mountPath\": \"/x\"}\n          }\n"),
       with("    metadata:\n      annotations:\n"
            "        sidecar.istio.io/userVolume: '{\"x\":{\"emptyDir\":{}}," +
            volume +
            "}'  # ours\n"
            "        sidecar.istio.io/userVolumeMount: |\n          {\n"
            "            \"x\": {\"mountPath\": \"/x\"}," +
            mounted + "\n          }\n")},
      {"lists, one empty, in double quotes",
       with("    metadata:\n      annotations:\n"
            "        sidecar.istio.io/userVolume: \"[]\"\n"
            "        sidecar.istio.io/userVolumeMount: \"[{\\\"name\\\":\\\"x\\\"}]\"\n"),
       with("    metadata:\n      annotations:\n"
            "        sidecar.istio.io/userVolume: "
            "\"[{\\\"name\\\":\\\"wasm-a\\\",\\\"configMap\\\":{\\\"name\\\":\\\"a-1\\\"}}]\"\n"
            "        sidecar.istio.io/userVolumeMount: \"[{\\\"name\\\":\\\"x\\\"},"
            "{\\\"name\\\":\\\"wasm-a\\\",\\\"mountPath\\\":\\\"/etc/wasm/"
            "a\\\",\\\"readOnly\\\":true}]\"\n")},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(patched(c.before, kube::Direction::add, mount) == c.after);
    CHECK(patched(c.after, kube::Direction::add, mount) == c.after);
    CHECK(patched(c.after, kube::Direction::undo) == c.before);  // in whatever style it was mounted
    const kube::Mount other{"b", kube::VolumeSource::image, "r/b@sha256:00",
                            kube::MountStyle::annotations};
    const auto both = patched(c.after, kube::Direction::add, other);
    CHECK(patched(both, kube::Direction::undo, other) == c.after);
    CHECK(patched(patched(both, kube::Direction::undo), kube::Direction::undo, other) == c.before);
    auto next = mount;
    next.name = "a-2";
    auto want = c.after;
    want.replace(want.find("a-1"), 3, "a-2");
    CHECK(patched(c.after, kube::Direction::add, next) == want);
  }
  const auto broken = with(
      "    metadata:\n      annotations:\n"
      "        sidecar.istio.io/userVolume: '{a: b}'\n");
  CHECK_THROWS_WITH_AS(patched(broken, kube::Direction::add, mount),
                       "f.yaml:9:38: this annotation is no JSON", Error);
  CHECK(patched(broken, kube::Direction::undo, mount) == broken);
  const auto otherwise = with(
      "    metadata:\n      annotations:\n"
      "        sidecar.istio.io/userVolume: '{\"wasm-a\": {}}'\n");
  CHECK_THROWS_WITH_AS(patched(otherwise, kube::Direction::undo, mount),
                       "f.yaml:9:38: `wasm-a` is written here in a way that cannot be edited: take "
                       "it out by hand",
                       Error);
}

TEST_CASE("a new module changes the ConfigMap's name and nothing else") {
  const auto old = patched(deployment("      containers:\n      - name: app\n"));
  const kube::Mount next{"a", kube::VolumeSource::config_map, "a-2"};
  auto want = old;
  want.replace(want.find("a-1"), 3, "a-2");
  CHECK(patched(old, kube::Direction::add, next) == want);
}

TEST_CASE("the right workloads are patched") {
  const auto one = [](const char* kind, const char* name, const char* ns, const char* app) {
    return std::string("---\napiVersion: apps/v1\nkind: ") + kind + "\nmetadata: {name: " + name +
           ", namespace: " + ns + "}\nspec:\n  template:\n    metadata: {labels: {app: " + app +
           "}}\n    spec:\n      containers:\n      - name: app\n";
  };
  const auto text = one("Deployment", "web", "x", "a") + one("StatefulSet", "web", "y", "a") +
                    one("Deployment", "db", "x", "b") + "---\nkind: Service\n";
  const auto workloads = [&](const kube::Target& target) {
    std::string names;
    for (const auto& patched :
         kube::patch_text(text, "f.yaml", target, kMount, kube::Direction::add).workloads) {
      names += patched.workload + ' ';
    }
    return names;
  };
  CHECK(workloads({}) == "deployment/web statefulset/web deployment/db ");
  CHECK(workloads({kube::parse_workload("deploy/web"), {}, {}}) == "deployment/web ");
  CHECK(workloads({{}, {}, {{"app", "a"}}}) == "deployment/web statefulset/web ");
  CHECK(workloads({{}, "x", {}}) == "deployment/web deployment/db ");
  CHECK(workloads({{}, "x", {{"app", "a"}}}) == "deployment/web ");
  CHECK(error_of(text, {kube::parse_workload("job/web"), {}, {}}) ==
        "error: no workload of f.yaml fits\n"
        "hint: there are: deployment/web, statefulset/web, deployment/db\n");
}

TEST_CASE("what lines cannot be added to is refused, untouched") {
  const std::string way_out =
      "hint: `wasmctl render ... -o DIR` makes a kustomize component that needs no such edit\n";
  const std::string undo_first =
      "hint: if wasmctl mounted it, take it out first: `wasmctl patch ... --undo`\n";
  const std::pair<std::string, std::string> cases[] = {
      {"kind: Service\n", "error: f.yaml has no workload\n"},
      {"kind: Service\r\nb: c\r",
       "error: f.yaml has a carriage return that is not part of a line end (byte 19)\n"},
      {"a: [\n",
       "error: f.yaml:2:1: did not find expected node content, while parsing a flow node that "
       "starts at line 2\n"},
      {"kind: Deployment\nname: {{ .Values.name }}\n",
       "error: f.yaml is a Helm template\n"
       "hint: a Helm template is no YAML before it is rendered: patch what `helm template` "
       "prints\n"},
      {deployment("      containers: []\n"),
       "error: f.yaml:8:7: the pod template has no containers\n" + way_out},
      {deployment("      containers: &c\n      - name: app\n"),
       "error: f.yaml:8:19: this has an anchor or a tag\n" + way_out},
      {"x: &c\n- name: app\n" + deployment("      containers: *c\n"),
       "error: f.yaml:10:19: an alias stands here: the change would reach its anchor too\n" +
           way_out},
      {deployment("      containers:\n      - name: istio-proxy\n        volumeMounts:\n"
                  "        - {name: x, mountPath: /etc/wasm/a}\n"),
       "error: f.yaml:11:11: something else is mounted at /etc/wasm/a\n" + way_out},
      {deployment("      containers:\n      - name: app\n      volumes:\n      - name: wasm-a\n"
                  "        emptyDir: {}\n"),
       "error: f.yaml:11:9: the volume `wasm-a` is made of something else\n" + undo_first},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    CHECK(error_of(text) == want);
  }
}

TEST_CASE("aliases beside the place of the edit are no hindrance") {
  const auto with_labels = [](const std::string& metadata) {
    return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: &labels\n"
           "    app: web\nspec:\n  template:\n    metadata:\n      labels: *labels\n" +
           metadata + "    spec:\n      containers:\n      - name: app\n";
  };
  auto annotated = kMount;
  annotated.style = kube::MountStyle::annotations;
  struct Case {
    const char* name;
    std::string before;
    std::string after;
    const kube::Mount& mount = kMount;
  };
  const Case cases[] = {
      {"the last value of metadata", with_labels(""),
       with_labels("      annotations:  # added by wasmctl\n"
                   "        sidecar.istio.io/userVolume: "
                   "'{\"wasm-a\":{\"configMap\":{\"name\":\"a-1\"}}}'  # added by wasmctl\n"
                   "        sidecar.istio.io/userVolumeMount: "
                   "'{\"wasm-a\":{\"mountPath\":\"/etc/wasm/a\",\"readOnly\":true}}'  # added by "
                   "wasmctl\n"),
       annotated},
      {"the last value of a container",
       deployment("      containers:\n      - name: app\n        resources: &small\n"
                  "          limits: {memory: 64Mi}\n      - name: cache\n"
                  "        resources: *small\n"),
       deployment("      containers:\n      - name: app\n        resources: &small\n"
                  "          limits: {memory: 64Mi}\n      - name: cache\n"
                  "        resources: *small\n") +
           kProxyLines + "      volumes:  # added by wasmctl\n" + kVolumeLines},
      {"an item, and an anchor among the init containers",
       deployment("      initContainers:\n      - &app\n        name: app\n      containers:\n"
                  "      - *app\n"),
       deployment("      initContainers:\n      - &app\n        name: app\n      containers:\n"
                  "      - *app\n") +
           kProxyLines + "      volumes:  # added by wasmctl\n" + kVolumeLines},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(patched(c.before, kube::Direction::add, c.mount) == c.after);
    CHECK(patched(c.after, kube::Direction::undo) == c.before);
  }
}

TEST_CASE("what an alias shares is refused, at the alias") {
  const std::string refused = ": an alias stands here: the change would reach its anchor too\n";
  const auto first_error = [&](const std::string& text, const kube::Mount& mount) {
    try {
      return patched(text, kube::Direction::add, mount);
    } catch (const Error& error) {
      return "error: " + error.message() + '\n';
    }
  };
  auto annotated = kMount;
  annotated.style = kube::MountStyle::annotations;
  const auto two = [](const std::string& first, const std::string& second) {
    return "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n"
           "  metadata: {name: one}\n" +
           first + "- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: two}\n" + second;
  };
  CHECK(first_error(deployment("      volumes: &v\n      - name: x\n      containers:\n"
                               "      - name: app\n"),
                    kMount) == "error: f.yaml:8:16: this has an anchor or a tag\n");
  CHECK(first_error(two("  spec: &spec\n    template:\n      spec:\n        containers:\n"
                        "        - name: app\n",
                        "  spec: *spec\n"),
                    kMount) == "error: f.yaml:15:9" + refused);
  CHECK(first_error(two("  spec:\n    template:\n      metadata: {annotations: &a {x: y}}\n"
                        "      spec: {containers: [{name: app}]}\n",
                        "  spec:\n    template:\n      metadata: {annotations: *a}\n"
                        "      spec: {containers: [{name: app}]}\n"),
                    annotated) == "error: f.yaml:9:31: this has an anchor or a tag\n");
}

TEST_CASE("what is somebody's own stays") {
  const auto own = deployment(
      "      containers:\n      - name: istio-proxy\n        volumeMounts:\n"
      "        - {name: x, mountPath: /etc/wasm/a}\n      - name: app\n        volumeMounts:\n"
      "        - {name: wasm-a, mountPath: /data}\n      volumes:\n      - name: wasm-a\n"
      "        emptyDir: {}\n");
  CHECK(patched(own, kube::Direction::undo) == own);
}

TEST_CASE("nothing is mounted in two ways") {
  const std::string undo_first =
      "hint: if wasmctl mounted it, take it out first: `wasmctl patch ... --undo`\n";
  const auto base = deployment("      containers:\n      - name: app\n");
  auto annotated = kMount;
  annotated.style = kube::MountStyle::annotations;
  const auto error = [](const std::string& text, const kube::Mount& mount) {
    try {
      return patched(text, kube::Direction::add, mount);
    } catch (const Error& refusal) {
      return wasmctl::format_error(refusal);
    }
  };
  CHECK(error(patched(base), annotated) ==
        "error: f.yaml:17:9: there is a volume `wasm-a` already\n" + undo_first);
  CHECK(error(patched(base, kube::Direction::add, annotated), kMount)
            .ends_with(": the annotation mounts `wasm-a` already\n" + undo_first));
}

TEST_CASE("braces in comments and block scalars are no Helm template") {
  const auto base = deployment("      containers:\n      - name: app  # {{ .Values.x }}\n");
  const auto vault = "x: |\n  {{- with secret \"a\" }}{{ .Data }}{{- end }}\n---\n" + base;
  CHECK(patched(patched(vault), kube::Direction::undo) == vault);
  CHECK(error_of("x: '{{ .Values.x }}'\n---\n" + base).starts_with("error: f.yaml is a Helm"));
}

TEST_CASE("unified_diff is what patch(1) takes") {
  const std::string text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12";
  CHECK(kube::unified_diff(text, {}, "f") == "");
  // Far apart: two hunks; the last line gets a newline.
  CHECK(kube::unified_diff(text, {{1, 1, "\nx"}, {26, 26, "\ny"}}, "f") ==
        "--- a/f\n+++ b/f\n"
        "@@ -1,4 +1,5 @@\n 1\n+x\n 2\n 3\n 4\n"
        "@@ -9,4 +10,5 @@\n 9\n 10\n 11\n-12\n\\ No newline at end of file\n+12\n+y\n"
        "\\ No newline at end of file\n");
  // Near each other: one.
  CHECK(kube::unified_diff(text, {{1, 1, "\nx"}, {6, 7, "y"}}, "f") ==
        "--- a/f\n+++ b/f\n"
        "@@ -1,7 +1,8 @@\n 1\n+x\n 2\n 3\n-4\n+y\n 5\n 6\n 7\n");
  // Two at one place.
  CHECK(kube::unified_diff("a\nb\n", {{1, 1, "\nx"}, {1, 1, "\ny"}}, "f") ==
        "--- a/f\n+++ b/f\n@@ -1,2 +1,4 @@\n a\n+x\n+y\n b\n");
  // Two behind a last line without an end: one change.
  CHECK(kube::unified_diff("a\nb", {{3, 3, "\nx"}, {3, 3, "\ny"}}, "f") ==
        "--- a/f\n+++ b/f\n@@ -1,2 +1,4 @@\n a\n-b\n\\ No newline at end of file\n+b\n+x\n+y\n"
        "\\ No newline at end of file\n");
  CHECK(kube::unified_diff("a\r\nb", {{4, 4, "\r\nx"}, {4, 4, "\r\ny"}}, "f") ==
        "--- a/f\n+++ b/f\n@@ -1,2 +1,4 @@\n a\r\n-b\n\\ No newline at end of file\n+b\r\n+x\r\n"
        "+y\n\\ No newline at end of file\n");
  // And out again.
  CHECK(kube::unified_diff("a\nb\nx\ny", {{3, 5, ""}, {5, 7, ""}}, "f") ==
        "--- a/f\n+++ b/f\n@@ -1,4 +1,2 @@\n a\n-b\n-x\n-y\n\\ No newline at end of file\n+b\n"
        "\\ No newline at end of file\n");
}

namespace {

// A workload's manifest with these lines of metadata and pod spec in its template.
std::string workload_with(const std::string& kind, const std::string& metadata,
                          const std::string& containers = "[{name: app}]",
                          const std::string& ns = "shop") {
  return "apiVersion: apps/v1\nkind: " + kind + "\nmetadata: {name: web, namespace: " + ns +
         "}\nspec:\n  template:\n    metadata: {" + metadata +
         "}\n    spec:\n      containers: " + containers + "\n";
}

std::string namespace_with(const std::string& labels) {
  return "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {" + labels + "}}\n";
}

// The whole message, or "" where the workload is patched.
std::string refusal(const std::string& text, kube::MountStyle style = kube::MountStyle::container,
                    const kube::Target& target = {kube::parse_workload("deployment/web"), {}, {}}) {
  auto mount = kMount;
  mount.style = style;
  try {
    (void)patched(text, kube::Direction::add, mount, target);
    return "";
  } catch (const Error& error) {
    return wasmctl::format_error(error);
  }
}

std::string no_proxy(const std::string& why) {
  return "error: the pods of deployment/web get no proxy (" + why +
         "), so plugin `a` cannot run there\n"
         "hint: allow the injection, or leave the workload as it is\n";
}

constexpr char kGatewayRefused[] =
    "error: deployment/web is a gateway, whose template ignores sidecar.istio.io/userVolume\n"
    "hint: mount into its container `istio-proxy`: `--mount container`\n";
constexpr char kLabel[] = R"(labels: {sidecar.istio.io/inject: "false"})";
constexpr char kAnnotation[] = R"(annotations: {sidecar.istio.io/inject: "false"})";

}  // namespace

TEST_CASE("patch_text leaves pods alone that get no proxy") {
  using enum kube::MountStyle;
  struct Case {
    const char* name;
    std::string text;
    std::string refusal;
    kube::MountStyle style = container;
  };
  const std::string own = R"([{name: istio-proxy, image: "acme/proxy:1"}])";
  const Case cases[] = {
      {"a label", workload_with("Deployment", kLabel),
       no_proxy("sidecar.istio.io/inject is false")},
      {"an annotation", workload_with("Deployment", kAnnotation),
       no_proxy("sidecar.istio.io/inject is false")},
      {"by annotations", workload_with("Deployment", kLabel),
       no_proxy("sidecar.istio.io/inject is false"), annotations},
      {"the host's network",
       workload_with("Deployment", "labels: {app: web}", "[{name: app}]\n      hostNetwork: true"),
       no_proxy("hostNetwork is true")},
      {"the host's network, in another word for true",
       workload_with("Deployment", "labels: {app: web}", "[{name: app}]\n      hostNetwork: True"),
       no_proxy("hostNetwork is true")},
      {"the host's network, merged in",
       workload_with("Deployment", "labels: {app: web}",
                     "[{name: app}]\n      <<: {hostNetwork: yes}"),
       no_proxy("hostNetwork is true")},
      {"a label, merged in",
       workload_with("Deployment", "labels: {<<: {sidecar.istio.io/inject: 'false'}, app: web}"),
       no_proxy("sidecar.istio.io/inject is false")},
      {"another word for no",
       workload_with("Deployment", "labels: {sidecar.istio.io/inject: 'off'}"),
       no_proxy("sidecar.istio.io/inject is off")},
      {"a label without quotes",
       workload_with("Deployment", "labels: {sidecar.istio.io/inject: no}"),
       no_proxy("sidecar.istio.io/inject is false")},
      {"an annotation that asks no webhook",
       workload_with("Deployment", R"(annotations: {sidecar.istio.io/inject: "true"})") +
           namespace_with("app: shop"),
       no_proxy("namespace shop has neither istio-injection: enabled nor istio.io/rev")},
      {"an annotation that says yes where all are asked",
       workload_with("Deployment", R"(annotations: {sidecar.istio.io/inject: "yes"})") +
           namespace_with("istio-injection: enabled"),
       ""},
      {"a namespace further down",
       workload_with("Deployment", "labels: {app: web}") +
           namespace_with("istio-injection: disabled"),
       no_proxy("namespace shop has istio-injection: disabled")},
      {"of a system namespace", workload_with("Deployment", "", "[{name: app}]", "kube-system"),
       no_proxy("the injector passes over namespace kube-system")},
      {"injected by its label in a namespace that is not",
       workload_with("Deployment", R"(labels: {sidecar.istio.io/inject: "true"})") +
           namespace_with("app: shop"),
       ""},
      {"in a namespace of which nothing is known",
       workload_with("Deployment", "labels: {app: web}"), ""},
      {"a proxy made by hand", workload_with("Deployment", kLabel, own), ""},
      {"a proxy made by hand, by annotations that nobody reads",
       workload_with("Deployment", kLabel, own), no_proxy("sidecar.istio.io/inject is false"),
       annotations},
      {"a gateway by annotations",
       workload_with("Deployment", "annotations: {inject.istio.io/templates: gateway}"),
       kGatewayRefused, annotations},
      {"a gateway's container",
       workload_with("Deployment", "annotations: {inject.istio.io/templates: gateway}"), ""},
      {"a sidecar with a gateway's label",
       workload_with("Deployment", "labels: {istio: ingressgateway}"), "", annotations},
      {"a gateway from before injection",
       workload_with("Deployment", "labels: {istio: egressgateway}", own), kGatewayRefused,
       annotations},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(refusal(c.text, c.style) == c.refusal);
    CHECK(patched(c.text, kube::Direction::undo) == c.text);
  }
}

TEST_CASE("patch_text passes over what a selector fits and no proxy runs in") {
  const auto off = workload_with("Deployment", kLabel);
  const auto on = workload_with("StatefulSet", "labels: {app: web}");
  const auto patch =
      kube::patch_text(off + "---\n" + on, "f.yaml", kEvery, kMount, kube::Direction::add);
  REQUIRE(patch.workloads.size() == 1);
  CHECK(patch.workloads[0].workload == "statefulset/web");
  CHECK(patch.workloads[0].ns == "shop");
  REQUIRE(patch.skipped.size() == 1);
  CHECK(patch.skipped[0].workload == "deployment/web");
  CHECK(patch.skipped[0].why ==
        "the pods of deployment/web get no proxy (sidecar.istio.io/inject is false), so plugin `a` "
        "cannot run there");
  CHECK(error_of(off) == no_proxy("sidecar.istio.io/inject is false"));
}
