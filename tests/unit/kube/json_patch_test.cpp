#include "kube/patch/json_patch.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"

using nlohmann::json;
using wasmctl::Error;
namespace kube = wasmctl::kube;
namespace yaml = wasmctl::yaml;

namespace {

std::string deployment(const std::string& pod_spec) {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: default}\n"
         "spec:\n  template:\n    spec:\n" +
         pod_spec;
}

const std::string kBare = deployment(R"(      containers:
      - name: app
        image: web:v1
)");

// As the API server has it: with fields that no manifest gave, and a proxy and volumes of others.
const std::string kFull = deployment(R"(      containers:
      - name: istio-proxy
        image: auto
        volumeMounts:
        - {name: other, mountPath: /other}
        - {name: wasm-a, mountPath: /etc/wasm/a, readOnly: true}
        - {name: last, mountPath: /last}
      - name: app
        image: web:v1
      volumes:
      - {name: other, emptyDir: {}}
      - name: wasm-a
        configMap: {name: a-1, defaultMode: 420}
      - name: last
        secret: {secretName: s, defaultMode: 420}
)");

const kube::Mount kA{"a", kube::VolumeSource::config_map, "a-1"};
const kube::Mount kB{"b", kube::VolumeSource::image, "r/b@sha256:00"};

nlohmann::ordered_json patch_of(const std::string& text, std::vector<kube::Mount> mounts,
                                kube::Direction direction = kube::Direction::add) {
  return kube::json_patch(text, "f.yaml", kube::parse_workload("deployment/web"), "default", mounts,
                          direction);
}

json patched(const std::string& text, const nlohmann::ordered_json& patch) {
  return yaml::to_json(yaml::read_one(text, "f.yaml").root, "f.yaml").patch(json(patch));
}

}  // namespace

TEST_CASE("json_patch makes what is missing") {
  const auto patch = patch_of(kBare, {kA});
  CHECK(patch.dump() == R"([{"op":"add","path":"/spec/template/spec/containers/-","value":)"
                        R"({"image":"auto","name":"istio-proxy","volumeMounts":)"
                        R"([{"mountPath":"/etc/wasm/a","name":"wasm-a","readOnly":true}]}},)"
                        R"({"op":"add","path":"/spec/template/spec/volumes","value":)"
                        R"([{"configMap":{"name":"a-1"},"name":"wasm-a"}]}])");
  CHECK(patch_of(kBare, {}).empty());
}

TEST_CASE("json_patch adds beside what is there, and tests the places first") {
  const auto patch = patch_of(kFull, {kA, kB});
  CHECK(patch.dump() ==
        R"([{"op":"test","path":"/spec/template/spec/containers/0/name","value":"istio-proxy"},)"
        R"({"op":"add","path":"/spec/template/spec/containers/0/volumeMounts/-","value":)"
        R"({"mountPath":"/etc/wasm/b","name":"wasm-b","readOnly":true}},)"
        R"({"op":"add","path":"/spec/template/spec/volumes/-","value":)"
        R"({"image":{"reference":"r/b@sha256:00"},"name":"wasm-b"}}])");
  CHECK_THROWS(patched(kBare, patch));
}

TEST_CASE("json_patch replaces the name of a ConfigMap alone") {
  auto newer = kA;
  newer.name = "a-2";
  CHECK(patch_of(kFull, {newer}).dump() ==
        R"([{"op":"test","path":"/spec/template/spec/volumes/1/name","value":"wasm-a"},)"
        R"({"op":"replace","path":"/spec/template/spec/volumes/1/configMap/name","value":"a-2"}])");
}

TEST_CASE("json_patch takes out the plugin's items and no other") {
  const auto undo = patch_of(kFull, {kA}, kube::Direction::undo);
  CHECK(undo.dump() ==
        R"([{"op":"test","path":"/spec/template/spec/containers/0/name","value":"istio-proxy"},)"
        R"({"op":"test","path":"/spec/template/spec/containers/0/volumeMounts/1/mountPath",)"
        R"("value":"/etc/wasm/a"},)"
        R"({"op":"test","path":"/spec/template/spec/volumes/1/name","value":"wasm-a"},)"
        R"({"op":"remove","path":"/spec/template/spec/containers/0/volumeMounts/1"},)"
        R"({"op":"remove","path":"/spec/template/spec/volumes/1"}])");
  const auto spec = patched(kFull, undo)["spec"]["template"]["spec"];
  CHECK(spec["volumes"][1]["secret"]["defaultMode"] == 420);
  CHECK_THROWS(patched(kBare, undo));
}

TEST_CASE("json_patch wants one workload") {
  const auto twice = kBare + "---\n" + kBare;
  try {
    (void)patch_of(twice, {kA});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(wasmctl::format_error(error) ==
          "error: f.yaml has deployment/web twice\n"
          "hint: say of which namespace: `-n NS`\n");
  }
}
