// A plugin by itself: its metadata, its values, its url.
#include <doctest/doctest.h>

#include "tests/unit/kube/checking.hpp"

using namespace checking;

namespace {

std::string extension(const std::string& spec) {
  return "apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nmetadata: {name: a}\n"
         "spec: " +
         spec + "\n---\n";
}

std::string with_metadata(const std::string& metadata) {
  return "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: " + metadata +
         "\nspec: {url: 'oci://a.b/cc@sha256:00'}\n";
}

std::string of(const std::string& more) {
  return plugin("{url: 'oci://a.b/cc@sha256:00', " + more + "}");
}

}  // namespace

TEST_CASE("check judges metadata as the API server does") {
  struct Case {
    const char* metadata;
    std::string want;
  };
  const Case cases[] = {
      {"{name: My_Tally}",
       "3:18 `name` must be 1 to 253 of a-z, 0-9, `-` and `.`, each part with a letter or digit at "
       "its ends, not `My_Tally` [metadata] \n"},
      {"{namespace: shop}", "1:1 the WasmPlugin has no name [metadata] `metadata: {name: NAME}`\n"},
      {"{name: a, namspace: shop}",
       "3:21 `metadata` has no field `namspace` [metadata] did you mean `namespace`? one of: name, "
       "namespace, labels, annotations\n"},
      {"{name: a, namespace: Shop}",
       "3:32 `namespace` must be 1 to 63 of a-z, 0-9 and `-`, with no `-` at an end, not `Shop` "
       "[metadata] \n"},
      {"{name: a, labels: {version: 2}}",
       "3:39 `labels.version` must be a string, not a number [metadata] write it in quotes\n"},
      {"{name: a, labels: [b]}", "3:29 `labels` must be a mapping, not a list [metadata] \n"},
      {"{name: a, annotations: {b: true}}",
       "3:38 `annotations.b` must be a string, not a boolean [metadata] write it in quotes\n"},
      {"{name: 5}", "3:18 `name` must be a string, not a number [metadata] write it in quotes\n"},
      {"[a]",
       "3:11 `metadata` must be a mapping, not a list [metadata] `metadata: {name: NAME}`\n"},
      // What the API server writes, and what it makes a name of.
      {"{name: a, uid: u, resourceVersion: '1', generation: 2, creationTimestamp: null, "
       "managedFields: [], ownerReferences: [], finalizers: [], labels: {a: b, c: }, annotations: "
       "{Some.Company/Key: 'any text'}}",
       ""},
      {"{generateName: a-}", ""},
      {"{name: a.b-c.d}", ""},
  };
  for (const auto& [metadata, want] : cases) {
    CAPTURE(metadata);
    CHECK(findings(with_metadata(metadata)) == want);
  }
  CHECK(findings(with_metadata("{name: " + std::string(254, 'a') + "}")).find("[metadata]") !=
        std::string::npos);
  CHECK(findings(with_metadata("{name: a-}")).find("[metadata]") != std::string::npos);
  CHECK(findings("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a_b}\n").find("[metadata]") !=
        std::string::npos);
  CHECK(findings("apiVersion: v1\nkind: ConfigMap\n") ==
        "1:1 the ConfigMap has no `metadata` [metadata] `metadata: {name: NAME}`\n");
}

TEST_CASE("check knows what only Lua has") {
  CHECK(findings(extension("{phase: STATS, lua: {inlineCode: 'x'}}")) == "");
  CHECK(
      findings(extension("{phase: STATS, lua: {inlineCode: 'x', failStrategy: FAIL_OPEN}}")) ==
      "4:45 TrafficExtension has no field `lua.failStrategy` [unknown-field] one of: inlineCode\n");
  CHECK(findings(extension("{lua: {}}")) == "4:13 `lua` needs `inlineCode` [bad-value] \n");
  CHECK(findings(extension("{lua: {inlineCode: 5}}")) ==
        "4:26 `lua.inlineCode` must be a string, not a number [bad-value] \n");
  CHECK(findings(extension("{lua: {inlineCode: '" + std::string(65'537, 'x') + "'}}"))
            .find("`lua.inlineCode` has 65537 bytes; at most 65536 are allowed") !=
        std::string::npos);
  CHECK(findings(extension("{lua: [x]}")) ==
        "4:13 `lua` must be a mapping, not a list [bad-value] \n");
  CHECK(findings(extension("{phase: STATS, wasm: {url: 'oci://a.b/cc@sha256:00'}}"))
            .find("[observer-fails-closed]") != std::string::npos);
}

TEST_CASE("check reads the names of images as Istio does") {
  for (const char* right :
       {"oci://localhost:5000/a/b:v1", "oci://a.b/c/d:V1", "oci://a.b/c/d:v1@sha256:00",
        "a.b/c/d:v1", "c/d:v1", "oci://c/d", "oci://tally", "oci://[::1]:5000/a/b", "OCI://a.b/c/d",
        "oci://a.b/c__d/e-f.g:v1"}) {
    CAPTURE(right);
    CHECK(findings(plugin("{url: '" + std::string(right) + "'}")).find("[url-form]") ==
          std::string::npos);
  }
  for (const auto& wrong : std::initializer_list<std::string>{
           "oci://a.b/c/d:v1+build.7", "oci://a.b/c/d@sha256:beef", "oci://a.b/c/d@md5:0011",
           "oci://a.b/c/d:", "oci://a.b/t:v1", "oci://${REGISTRY}/c/d:v1", "oci://$(REGISTRY)/c/d",
           "%to-do%", "oci://a.b/c%20d", "oci://a.b/c/d@sha512:" + std::string(128, '0'),
           "oci://a.b/c/d@sha256:" + std::string(64, 'A'), "oci://a.b/c/d:v1:v2",
           "oci://a.b:port/c/d", "oci://tally:v1", "oci://a.b/c/" + std::string(255, 'd'),
           "oci://a.b/c/d:" + std::string(129, 'v'), "https://", "https:///x",
           "https://${HOST}/x"}) {
    CAPTURE(wrong);
    CHECK(findings(plugin("{url: '" + wrong + "'}")).find("[url-form]") != std::string::npos);
  }
  CHECK(
      findings(plugin("{url: 'oci://a.b/c/d:v1+build.7', sha256: " + std::string(64, 'a') + "}")) ==
      "4:13 tag `v1+build.7` is not 1 to 128 letters, digits, `_`, `.` or `-`, the first no `.` "
      "or `-`: Istio cannot read the image's name [url-form] write "
      "`oci://REGISTRY/REPOSITORY[:TAG][@sha256:DIGEST]`\n");
  CHECK(findings(plugin("{url: 'oci://tally:v1', sha256: " + std::string(64, 'a') + "}")) ==
        "4:13 `v1` after the colon is a port to Istio, and no number [url-form] name the registry: "
        "`oci://docker.io/library/tally:v1`\n");
  // Volumes made of images, too.
  CHECK(findings(workload("{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v, "
                          "mountPath: /x}]}], volumes: [{name: v, image: {reference: "
                          "'a.b/CC@sha256:00'}}]}"))
            .find("[volume-image]") != std::string::npos);
}

TEST_CASE("check knows what values have which form") {
  const std::string priority = std::string(" [bad-value] \n");
  const std::pair<std::string, std::string> cases[] = {
      {of("sha256: [to-be-filled-in]"),
       "4:47 `sha256` must be a string, not a list [sha256] 64 lower-case hex digits, in quotes\n"},
      {of("sha256: {}"),
       "4:47 `sha256` must be a string, not a mapping [sha256] 64 lower-case hex digits, in "
       "quotes\n"},
      {of("sha256: ''"), ""},
      {of("priority: null"), ""},
      {of("priority: ~"), ""},
      {of("priority: 10.0"), ""},
      {of("priority: 1e2"), ""},
      {of("priority: 1.5"), "4:49 `priority` must be a whole number, not 1.5 [bad-value] \n"},
      {of("priority: '5'"), "4:49 `priority` must be a whole number, not a string [bad-value] \n"},
      {of("priority: 2147483648"),
       "4:49 `priority` must be from -2147483648 to 2147483647, not 2147483648 [bad-value] \n"},
      {of("phase: null"), "4:46 `phase` must be a string, not nothing [bad-value] \n"},
      {of("imagePullPolicy: Always"),
       "4:56 `Always` does nothing beside a digest: the module is never pulled again [pull-always] "
       "new code has another digest: `wasmctl render IMAGE` writes it; leave the policy out\n"},
      {plugin("{url: 'https://a.b/cc', sha256: " + std::string(64, 'a') +
              ", imagePullPolicy: Always}"),
       "4:122 `Always` does nothing beside `sha256`: the module is never pulled again "
       "[pull-always] new code has another digest: `wasmctl render IMAGE` writes it; leave the "
       "policy out\n"},
      {of("imagePullPolicy: IfNotPresent"), ""},
      {plugin("{url: 'oci://a.b/cd:v1', imagePullPolicy: Always}"),
       "4:13 `oci://a.b/cd:v1` is whatever the tag names when it is fetched [unpinned] pin it: "
       "`wasmctl render IMAGE` writes the digest\n"},
      {of("pluginConfig: {a: [1, .nan]}"), "4:61 JSON has no number `.nan` [bad-value] \n"},
      {of("pluginConfig: {a: -.inf}"), "4:57 JSON has no number `-.inf` [bad-value] \n"},
      {of("pluginConfig: {on: a, yes: b}"),
       "4:61 key `true` is set twice [bad-value] `y`, `yes` and `on` are true to Kubernetes, `n`, "
       "`no` and `off` false: write such keys in quotes\n"},
      {of("pluginConfig: {salt: !!binary c2FsdA==}"), ""},
      {of("pluginConfig: {salt: !!binary '-'}"), "4:60 !!binary is not base64 [bad-value] \n"},
      {of("pluginConfig: [a]"), "4:53 `pluginConfig` must be a mapping, not a list [bad-value] \n"},
      {of("targetRef: {kind: Gateway}"), "4:50 `targetRef` needs `name` [bad-value] \n"},
      // Each fault of a value, at its place.
      {of("vmConfig: {env: [{name: A, value: 1}, {nam: B}]}"),
       "4:73 `vmConfig.env[0].value` must be a string, not a number [bad-value] \n"
       "4:77 `vmConfig.env[1]` needs `name` [bad-value] \n"
       "4:78 `vmConfig.env[1]` has no field `nam` [bad-value] did you mean `name`? one of: name, "
       "valueFrom, value\n"},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    CHECK(findings(text) == want);
  }
  CHECK(findings(extension("{priority: null, wasm: {url: 'oci://a.b/cc@sha256:00', sha256: [], "
                           "imagePullPolicy: Always}}"))
            .find("[sha256]") != std::string::npos);
}
