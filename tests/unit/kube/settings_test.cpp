#include "kube/render/settings.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using nlohmann::json;
using wasmctl::Code;
using wasmctl::Error;
namespace kube = wasmctl::kube;

namespace {

std::string error_of(const std::string& key, const std::string& value) {
  kube::Settings settings;
  try {
    settings.set(key, json::parse(value), {"w.yaml:1:1", Code::bad_input});
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == Code::bad_input);
    return wasmctl::format_error(error);
  }
}

}  // namespace

TEST_CASE("set takes what Istio takes") {
  const std::pair<const char*, const char*> cases[] = {
      {"selector", R"({"matchLabels": {"app.kubernetes.io/name": "a", "b": ""}})"},
      {"targetRefs", R"([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "g"},
                         {"kind": "Service", "name": "s"},
                         {"group": "core", "kind": "Service", "name": "s"}])"},
      {"phase", R"("AUTHN")"},
      {"priority", "-2147483648"},
      {"match", R"([{"mode": "SERVER", "ports": [{"number": 80}, {"number": 65535}]}, {}])"},
      {"type", R"("NETWORK")"},
      {"imagePullPolicy", R"("Always")"},
      {"imagePullSecret", R"("a.b")"},
      {"failStrategy", R"("FAIL_RELOAD")"},
      {"pluginName", R"("My root")"},
      {"config", R"({"any": [1, {"x": null}]})"},
      {"vmConfig", R"({"env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": "HOST"}]})"},
      {"configSchema", R"("config.schema.json")"},
  };
  for (const auto& [key, value] : cases) {
    CAPTURE(key);
    CHECK(error_of(key, value) == "");
  }
}

TEST_CASE("set refuses, and names the field") {
  struct Case {
    const char* key;
    const char* value;
    const char* want;
  };
  const Case cases[] = {
      {"phse", "1",
       "error: w.yaml:1:1: unknown key `phse`\n"
       "hint: did you mean `phase`? one of: selector, targetRefs, phase, priority, match, type, "
       "imagePullPolicy, imagePullSecret, failStrategy, pluginName, config, vmConfig, "
       "configSchema\n"},
      {"phase", R"("AUTHZN")",
       "error: w.yaml:1:1: `phase` cannot be `AUTHZN`\n"
       "hint: did you mean `AUTHN`? one of: UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS\n"},
      {"phase", "true", "error: w.yaml:1:1: `phase` must be a string, not a boolean\n"},
      {"priority", "1.5", "error: w.yaml:1:1: `priority` must be a whole number, not 1.5\n"},
      {"priority", "18446744073709551615",
       "error: w.yaml:1:1: `priority` must be from -2147483648 to 2147483647, not "
       "18446744073709551615\n"},
      {"selector", R"({"matchLabel": {}})",
       "error: w.yaml:1:1: `selector` has no field `matchLabel`\n"
       "hint: did you mean `matchLabels`? one of: matchLabels\n"},
      {"selector", R"({"matchLabels": {"-a": "b"}})",
       "error: w.yaml:1:1: `selector.matchLabels` has a wrong key: `-a` is not a label: expected "
       "[PREFIX/]NAME, the name 1 to 63 of letters, digits, `-`, `_` and `.`\n"},
      {"selector", R"({"matchLabels": {"a": "b c"}})",
       "error: w.yaml:1:1: `selector.matchLabels.a` has a wrong value: `b c` is not a label's "
       "value: "
       "expected up to 63 letters, digits, `-`, `_` and `.`\n"},
      {"selector", R"({"matchLabels": {"a": 1}})",
       "error: w.yaml:1:1: `selector.matchLabels.a` must be a string, not a number\n"},
      {"targetRefs", R"([{"kind": "Gateway", "name": "g"}])",
       "error: w.yaml:1:1: `targetRefs[0]` is a Gateway, whose group is "
       "`gateway.networking.k8s.io`, not ``\n"},
      {"targetRefs", R"([{"kind": "Gatway", "name": "g"}])",
       "error: w.yaml:1:1: `targetRefs[0].kind` cannot be `Gatway`\n"
       "hint: did you mean `Gateway`? one of: Gateway, GatewayClass, ListenerSet, HTTPRoute, "
       "GRPCRoute, Service, ServiceEntry\n"},
      {"targetRefs", R"([{"kind": "Service"}])",
       "error: w.yaml:1:1: `targetRefs[0]` needs `name`\n"},
      {"match", R"([{"ports": [{"number": 0}]}])",
       "error: w.yaml:1:1: `match[0].ports[0].number` must be from 1 to 65535, not 0\n"},
      {"match", R"([{"ports": [{"number": 80}, {"number": 80}]}])",
       "error: w.yaml:1:1: `match[0].ports[1].number` is 80 a second time\n"},
      {"match", R"([{"mode": "INBOUND"}])",
       "error: w.yaml:1:1: `match[0].mode` cannot be `INBOUND`\n"
       "hint: one of: UNDEFINED, CLIENT, SERVER, CLIENT_AND_SERVER\n"},
      {"imagePullSecret", R"("")", "error: w.yaml:1:1: `imagePullSecret` must not be empty\n"},
      {"config", "[1]", "error: w.yaml:1:1: `config` must be a mapping, not a list\n"},
      {"vmConfig", R"({"env": [{"value": "1"}]})",
       "error: w.yaml:1:1: `vmConfig.env[0]` needs `name`\n"},
      {"vmConfig", R"({"env": [{"name": "A"}, {"name": "A"}]})",
       "error: w.yaml:1:1: `vmConfig.env[1].name` is \"A\" a second time\n"},
      {"vmConfig", R"({"env": [{"name": "ISTIO_META_WASM_IMAGE_PULL_SECRET", "value": "x"}]})",
       "error: w.yaml:1:1: `vmConfig.env[0].name` is `ISTIO_META_WASM_IMAGE_PULL_SECRET`, which "
       "Istio's agent takes for its own\n"},
      {"vmConfig", R"({"env": [{"name": "A", "valueFrom": "HOST", "value": "1"}]})",
       "error: w.yaml:1:1: `vmConfig.env[0].value` makes no sense with `valueFrom: HOST`\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.key);
    CAPTURE(c.value);
    CHECK(error_of(c.key, c.value) == c.want);
  }
  CHECK(error_of("vmConfig",
                 R"({"env": [{"name": "A", "value": ")" + std::string(2049, 'x') + R"("}]})") ==
        "error: w.yaml:1:1: `vmConfig.env[0].value` has 2049 bytes; at most 2048 are allowed\n");
}

TEST_CASE("a later value replaces an earlier one, and some exclude each other") {
  kube::Settings settings;
  settings.set("phase", "AUTHN", {"w.yaml:1:1"});
  settings.set("phase", "STATS", {"--phase", Code::usage});
  CHECK(*settings.find("phase") == "STATS");
  CHECK(settings.find("priority") == nullptr);
  settings.set("selector", {{"matchLabels", {{"a", "b"}}}}, {"--selector", Code::usage});
  settings.check_together();
  settings.set("targetRefs", json::array({{{"kind", "Service"}, {"name", "s"}}}), {"w.yaml:2:1"});
  CHECK_THROWS_WITH_AS(settings.check_together(),
                       "w.yaml:2:1: `targetRefs` cannot stand beside `selector` (--selector)",
                       Error);
}
