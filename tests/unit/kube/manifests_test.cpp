#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/label.hpp"
#include "kube/mount.hpp"
#include "kube/names.hpp"
#include "kube/render/config_map.hpp"
#include "kube/render/kustomization.hpp"
#include "kube/render/pull_secret.hpp"
#include "kube/render/resource_kinds.hpp"
#include "kube/workload.hpp"
#include "yaml/write.hpp"

using wasmctl::Code;
using wasmctl::Error;
namespace kube = wasmctl::kube;
namespace yaml = wasmctl::yaml;

namespace {

kube::Settings every_setting() {
  kube::Settings settings;
  const kube::Origin origin{"test"};
  settings.set("selector", {{"matchLabels", {{"app", "productpage"}}}}, origin);
  settings.set("phase", "UNSPECIFIED_PHASE", origin);
  settings.set("priority", 10, origin);
  settings.set("match", nlohmann::json::parse(R"([{"mode": "SERVER", "ports": [{"number": 80}]}])"),
               origin);
  settings.set("type", "HTTP", origin);
  settings.set("imagePullPolicy", "Always", origin);
  settings.set("imagePullSecret", "pull", origin);
  settings.set("failStrategy", "FAIL_OPEN", origin);
  settings.set("pluginName", "root", origin);
  settings.set("config", {{"log_level", "info"}, {"on", "yes"}}, origin);
  settings.set("vmConfig", nlohmann::json::parse(R"({"env": [{"name": "A", "value": "012"}]})"),
               origin);
  settings.set("configSchema", "config.schema.json", origin);
  return settings;
}

const kube::Mount kMount{"header-logger", kube::VolumeSource::config_map,
                         "header-logger-0123456789"};

}  // namespace

TEST_CASE("wasm_plugin shows every setting") {
  CHECK(
      yaml::write(kube::resource_kinds()[0]->render(
          {"header-logger", "default"}, {"oci://ghcr.io/a/b@sha256:00", "00"}, every_setting())) ==
      "apiVersion: extensions.istio.io/v1alpha1\n"
      "kind: WasmPlugin\n"
      "metadata:\n"
      "  name: header-logger\n"
      "  namespace: default\n"
      "spec:\n"
      "  selector:\n"
      "    matchLabels:\n"
      "      app: productpage\n"
      "  phase: UNSPECIFIED_PHASE\n"
      "  priority: 10\n"
      "  match:\n"
      "  - mode: SERVER\n"
      "    ports:\n"
      "    - number: 80\n"
      "  url: oci://ghcr.io/a/b@sha256:00\n"
      "  sha256: \"00\"\n"
      "  type: HTTP\n"
      "  imagePullPolicy: Always\n"
      "  imagePullSecret: pull\n"
      "  failStrategy: FAIL_OPEN\n"
      "  pluginName: root\n"
      "  pluginConfig:\n"
      "    log_level: info\n"
      "    \"on\": \"yes\"\n"
      "  vmConfig:\n"
      "    env:\n"
      "    - name: A\n"
      "      value: \"012\"\n");
}

TEST_CASE("traffic_extension puts the module's settings under wasm") {
  CHECK(yaml::write(
            kube::resource_kinds()[1]->render({"a", {}}, {"file:///x", {}}, every_setting())) ==
        "apiVersion: extensions.istio.io/v1alpha1\n"
        "kind: TrafficExtension\n"
        "metadata:\n"
        "  name: a\n"
        "spec:\n"
        "  selector:\n"
        "    matchLabels:\n"
        "      app: productpage\n"
        "  phase: UNSPECIFIED\n"
        "  priority: 10\n"
        "  match:\n"
        "  - mode: SERVER\n"
        "    ports:\n"
        "    - number: 80\n"
        "  wasm:\n"
        "    url: file:///x\n"
        "    type: HTTP\n"
        "    imagePullPolicy: Always\n"
        "    imagePullSecret: pull\n"
        "    failStrategy: FAIL_OPEN\n"
        "    pluginName: root\n"
        "    pluginConfig:\n"
        "      log_level: info\n"
        "      \"on\": \"yes\"\n"
        "    vmConfig:\n"
        "      env:\n"
        "      - name: A\n"
        "        value: \"012\"\n");
}

TEST_CASE("config_map holds the module's bytes") {
  const auto object =
      kube::config_map({"a-1", "web"}, std::string("\0asm", 4), kube::Change::immutable);
  CHECK(yaml::write(object) ==
        "apiVersion: v1\n"
        "kind: ConfigMap\n"
        "metadata:\n"
        "  name: a-1\n"
        "  namespace: web\n"
        "immutable: true\n"
        "binaryData:\n"
        "  plugin.wasm: AGFzbQ==\n");
  CHECK_FALSE(kube::config_map({"a", {}}, "x", kube::Change::allowed).contains("immutable"));
  CHECK(kube::config_map_name("a", "x") == "a-2d711642b7");
}

TEST_CASE("config_map refuses what the API server refuses") {
  const std::string most(kube::kMaxConfigMapBytes, 'x');
  (void)kube::config_map({"a", {}}, most, kube::Change::immutable);
  CHECK_THROWS_WITH_AS((void)kube::config_map({"a", {}}, most + 'x', kube::Change::immutable),
                       "the module has 1048577 bytes; a ConfigMap holds at most 1048576", Error);
}

TEST_CASE("client-side apply takes 196,000 bytes and refuses 200,000, as measured") {
  const auto fits = [](std::size_t bytes) {
    return kube::fits_client_side_apply(
        kube::config_map({"a", "default"}, std::string(bytes, 'x'), kube::Change::immutable));
  };
  CHECK(fits(196'000));
  CHECK_FALSE(fits(200'000));
}

namespace {

auto patch_of(const kube::Workload& workload, const kube::Mount& mount, kube::Direction direction) {
  return kube::mount_patch(workload, {&mount, 1}, direction);
}

}  // namespace

TEST_CASE("mount_patch mounts into the injected proxy, and undoes it") {
  CHECK(
      yaml::write(patch_of(kube::parse_workload("deployment/web"), kMount, kube::Direction::add)) ==
      "spec:\n"
      "  template:\n"
      "    spec:\n"
      "      containers:\n"
      "      - name: istio-proxy\n"
      "        image: auto\n"
      "        volumeMounts:\n"
      "        - name: wasm-header-logger\n"
      "          mountPath: /etc/wasm/header-logger\n"
      "          readOnly: true\n"
      "      volumes:\n"
      "      - name: wasm-header-logger\n"
      "        configMap:\n"
      "          name: header-logger-0123456789\n");
  CHECK(yaml::write(patch_of(kube::parse_workload("cj/web"), kMount, kube::Direction::undo)) ==
        "spec:\n"
        "  jobTemplate:\n"
        "    spec:\n"
        "      template:\n"
        "        spec:\n"
        "          containers:\n"
        "          - name: istio-proxy\n"
        "            volumeMounts:\n"
        "            - mountPath: /etc/wasm/header-logger\n"
        "              \"$patch\": delete\n"
        "          volumes:\n"
        "          - name: wasm-header-logger\n"
        "            \"$patch\": delete\n");
  CHECK(kube::module_path(kMount) == "/etc/wasm/header-logger/plugin.wasm");
}

TEST_CASE("mount_patch of two plugins is one patch") {
  const kube::Mount both[] = {{"a", kube::VolumeSource::config_map, "a-1"},
                              {"b", kube::VolumeSource::image, "r/b@sha256:00"}};
  CHECK(
      yaml::write(kube::mount_patch(kube::parse_workload("pod/web"), both, kube::Direction::add)) ==
      "spec:\n"
      "  containers:\n"
      "  - name: istio-proxy\n"
      "    image: auto\n"
      "    volumeMounts:\n"
      "    - name: wasm-a\n"
      "      mountPath: /etc/wasm/a\n"
      "      readOnly: true\n"
      "    - name: wasm-b\n"
      "      mountPath: /etc/wasm/b\n"
      "      readOnly: true\n"
      "  volumes:\n"
      "  - name: wasm-a\n"
      "    configMap:\n"
      "      name: a-1\n"
      "  - name: wasm-b\n"
      "    image:\n"
      "      reference: r/b@sha256:00\n");
  const kube::Mount annotated[] = {
      {"a", kube::VolumeSource::config_map, "a-1", kube::MountStyle::annotations},
      {"b", kube::VolumeSource::config_map, "b-1", kube::MountStyle::annotations}};
  const auto patch = kube::mount_patch(kube::parse_workload("pod/web"), annotated,
                                       kube::Direction::add)["metadata"]["annotations"];
  CHECK(patch["sidecar.istio.io/userVolume"] ==
        R"({"wasm-a":{"configMap":{"name":"a-1"}},"wasm-b":{"configMap":{"name":"b-1"}}})");
}

TEST_CASE("mount_patch by annotations, and of an image") {
  CHECK(yaml::write(
            patch_of(kube::parse_workload("deployment/web"),
                     {"a", kube::VolumeSource::config_map, "a-1", kube::MountStyle::annotations},
                     kube::Direction::add)) ==
        "spec:\n"
        "  template:\n"
        "    metadata:\n"
        "      annotations:\n"
        "        sidecar.istio.io/userVolume: "
        R"("{\"wasm-a\":{\"configMap\":{\"name\":\"a-1\"}}}")"
        "\n"
        "        sidecar.istio.io/userVolumeMount: "
        R"("{\"wasm-a\":{\"mountPath\":\"/etc/wasm/a\",\"readOnly\":true}}")"
        "\n");
  CHECK(yaml::write(patch_of(
            kube::parse_workload("pod/web"),
            {"a", kube::VolumeSource::image, "r/a:v1@sha256:00", kube::MountStyle::annotations},
            kube::Direction::undo)) ==
        "metadata:\n"
        "  annotations:\n"
        "    sidecar.istio.io/userVolume: null\n"
        "    sidecar.istio.io/userVolumeMount: null\n");
  CHECK(yaml::write(patch_of(kube::parse_workload("pod/web"),
                             {"a", kube::VolumeSource::image, "r/a:v1@sha256:00"},
                             kube::Direction::add)) ==
        "spec:\n"
        "  containers:\n"
        "  - name: istio-proxy\n"
        "    image: auto\n"
        "    volumeMounts:\n"
        "    - name: wasm-a\n"
        "      mountPath: /etc/wasm/a\n"
        "      readOnly: true\n"
        "  volumes:\n"
        "  - name: wasm-a\n"
        "    image:\n"
        "      reference: r/a:v1@sha256:00\n");
}

TEST_CASE("kustomization is a component whose patch names its target") {
  const auto workload = kube::parse_workload("Pod/web");
  CHECK(yaml::write(kube::kustomization({"configmap.yaml", "plugin.yaml"},
                                        kube::WorkloadPatch{workload, "patch.yaml", "shop"})) ==
        "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
        "kind: Component\n"
        "resources:\n"
        "- configmap.yaml\n"
        "- plugin.yaml\n"
        "patches:\n"
        "- path: patch.yaml\n"
        "  target:\n"
        "    kind: Pod\n"
        "    name: web\n"
        "    namespace: \"shop|default\"\n");
  CHECK(yaml::write(kube::kustomization({"plugin.yaml"}, {})) ==
        "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
        "kind: Component\n"
        "resources:\n"
        "- plugin.yaml\n");
  CHECK(yaml::write(kube::with_identity(workload, {{"spec", {{"x", 1}}}})) ==
        "apiVersion: v1\n"
        "kind: Pod\n"
        "metadata:\n"
        "  name: web\n"
        "spec:\n"
        "  x: 1\n");
}

TEST_CASE("parse_workload takes kubectl's words") {
  const std::pair<const char*, const char*> cases[] = {
      {"deployment/a", "deployment/a"},
      {"deploy/a.b", "deployment/a.b"},
      {"Deployment/a", "deployment/a"},
      {"sts/a", "statefulset/a"},
      {"daemonsets/a", "daemonset/a"},
      {"job/a", "job/a"},
      {"cj/a", "cronjob/a"},
      {"po/a", "pod/a"},
  };
  for (const auto& [text, want] : cases) CHECK(kube::to_string(kube::parse_workload(text)) == want);
  const std::pair<const char*, const char*> refused[] = {
      {"a", "--workload: expected KIND/NAME, not `a`"},
      {"deploymnt/a", "--workload: unknown kind `deploymnt`"},
      {"/a", "--workload: unknown kind ``"},
      {"deploy/",
       "--workload: the name must be 1 to 253 of a-z, 0-9, `-` and `.`, each part with "
       "a letter or digit at its ends, not ``"},
      {"deploy/a/b",
       "--workload: the name must be 1 to 253 of a-z, 0-9, `-` and `.`, each part "
       "with a letter or digit at its ends, not `a/b`"},
  };
  for (const auto& [text, message] : refused) {
    CHECK_THROWS_WITH_AS((void)kube::parse_workload(text), message, Error);
  }
}

TEST_CASE("a volume's name stays within 63 bytes, and apart from others") {
  const std::string longest(63, 'a');
  CHECK(kube::label_with_prefix("wasm-", "a") == "wasm-a");
  const auto cut = kube::label_with_prefix("wasm-", longest);
  CHECK(cut.size() == 63);
  CHECK_FALSE(wasmctl::base::refuse_label(cut));
  CHECK(cut != kube::label_with_prefix("wasm-", longest.substr(1) + "b"));
}

TEST_CASE("pull_secret: by the key that Istio looks a registry up under") {
  const auto config_of = [](const kube::Login& login) {
    const auto secret = kube::pull_secret({"pull", "default"}, login);
    CHECK(secret.at("type") == "kubernetes.io/dockerconfigjson");
    return secret.at("data").at(".dockerconfigjson").get<std::string>();
  };
  CHECK(config_of({"docker.io", "me", "s3cret", ""}) ==
        wasmctl::base::base64_encode(R"({"auths":{"https://index.docker.io/v1/":{"username":"me",)"
                                     R"("password":"s3cret","auth":"bWU6czNjcmV0"}}})"));
  CHECK(config_of({"ghcr.io", "", "", "token"}) ==
        wasmctl::base::base64_encode(R"({"auths":{"ghcr.io":{"identitytoken":"token"}}})"));
}
