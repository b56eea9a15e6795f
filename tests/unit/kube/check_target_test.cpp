// Targets: what targetRefs name, and whether anything there loads the plugin.
#include <doctest/doctest.h>

#include "tests/unit/kube/checking.hpp"

using namespace checking;

namespace {

std::string to(const std::string& target, const std::string& ns = "default") {
  return "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a, "
         "namespace: " +
         ns + "}\nspec: {url: 'oci://a.b/cc@sha256:00', targetRefs: [" + target + "]}\n---\n";
}

std::string gateway(const std::string& spec, const std::string& name = "door") {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: " + name +
         ", namespace: default}\nspec: " + spec + "\n---\n";
}

std::string pods(const std::string& labels) {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: door}\nspec:\n  template:\n    "
         "metadata: {annotations: {inject.istio.io/templates: gateway}, labels: " +
         labels + "}\n    spec: {containers: [{name: istio-proxy, image: auto}]}\n---\n";
}

const std::string kDoor = "{group: gateway.networking.k8s.io, kind: Gateway, name: door}";
const std::string kClass =
    "{group: gateway.networking.k8s.io, kind: GatewayClass, name: istio-waypoint}";
const std::string kService = "{kind: Service, name: cart}";
const std::string kByHand =
    "{gatewayClassName: istio, addresses: [{type: Hostname, value: door.default.svc}]}";

}  // namespace

TEST_CASE("a Gateway that is deployed by hand needs its label on the pods") {
  CHECK(findings(gateway(kByHand) + to(kDoor) + pods("{istio: ingressgateway}")) ==
        "9:108 Gateway `door` is deployed by hand (door.default.svc), and no pods here have the "
        "label gateway.networking.k8s.io/gateway-name: door, so plugin `a` reaches nothing "
        "[target-label] give the label to the pods of deployment/door\n");
  CHECK(findings(gateway(kByHand) + to(kDoor) +
                 pods("{gateway.networking.k8s.io/gateway-name: other}"))
            .find("[target-label]") != std::string::npos);
  CHECK(findings(gateway(kByHand) + to(kDoor) +
                 pods("{gateway.networking.k8s.io/gateway-name: door}")) == "");
  // One that Istio deploys, one whose pods are elsewhere, a plugin alone.
  CHECK(findings(gateway("{gatewayClassName: istio}") + to(kDoor) + pods("{app: x}")) == "");
  CHECK(findings(gateway(kByHand) + to(kDoor)) == "");
  CHECK(findings(to(kDoor)) == "");
}

TEST_CASE("only a waypoint loads what is for a Service") {
  const auto service = [](const std::string& labels) {
    return "apiVersion: v1\nkind: Service\nmetadata: {name: cart, labels: " + labels + "}\n---\n";
  };
  const std::string waypoint = gateway("{gatewayClassName: istio-waypoint}", "w");
  CHECK(findings(service("{}") + to(kService)) ==
        "8:74 only a waypoint loads a plugin for a Service, and `cart` has none in these files "
        "[target-waypoint] make one: `istioctl waypoint apply -n default`, and label the Service "
        "or its namespace with istio.io/use-waypoint; see that it is in the cluster: `kubectl get "
        "gateway -n default`\n");
  CHECK(findings("apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: rates}\n"
                 "---\n" +
                 to("{group: networking.istio.io, kind: ServiceEntry, name: rates}"))
            .find("[target-waypoint]") != std::string::npos);
  CHECK(findings(service("{}") + waypoint + to(kService)) == "");
  CHECK(findings(service("{istio.io/use-waypoint: w}") + to(kService)) == "");
  CHECK(findings(service("{}") + to(kService) +
                 "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: "
                 "{istio.io/use-waypoint: w}}\n") == "");
  CHECK(findings(service("{istio.io/use-waypoint: none}") + to(kService)) != "");
  CHECK(findings(to(kService)) == "");
}

TEST_CASE("a target has a name, a class and a namespace that its reader finds") {
  CHECK(findings(gateway("{gatewayClassName: istio}") +
                 to("{group: gateway.networking.k8s.io, kind: Gateway, name: dorr}")) ==
        "9:108 Gateway `dorr` is not in these files [target-absent] did you mean `door`?\n");
  CHECK(findings(gateway("{gatewayClassName: istio}") +
                 to("{group: gateway.networking.k8s.io, kind: Gateway, name: elsewhere}")) == "");
  CHECK(findings(gateway("{gatewayClassName: eg}") + to(kDoor)) ==
        "9:108 Gateway `door` has class `eg`, which is not Istio's, so plugin `a` reaches nothing "
        "[target-class] of a class with a name of its own, check its GatewayClass, too; Envoy "
        "Gateway takes an EnvoyExtensionPolicy\n");
  const auto gateway_class = [](const std::string& controller) {
    return "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: "
           "ours}\nspec: {controllerName: " +
           controller + "}\n---\n";
  };
  CHECK(findings(gateway_class("istio.io/gateway-controller") +
                 gateway("{gatewayClassName: ours}") + to(kDoor)) == "");
  CHECK(findings(gateway_class("gateway.envoyproxy.io/gatewayclass-controller") +
                 gateway("{gatewayClassName: ours}") + to(kDoor))
            .find("[target-class]") != std::string::npos);
  const auto for_policy = policy("targetRefs: [" + kDoor + "]",
                                 "code: {type: Image, image: {url: 'a.b/cc@sha256:00'}}");
  CHECK(findings(gateway("{gatewayClassName: eg}") + for_policy) == "");
  CHECK(findings(gateway("{gatewayClassName: istio}") + for_policy).find("[target-class]") !=
        std::string::npos);

  CHECK(
      findings(to(kClass)) ==
      "4:113 a GatewayClass is a target from istio-system only, and plugin `a` is in default "
      "[gateway-class] put the plugin into istio-system, or name the Gateways of its namespace\n");
  CHECK(findings(to(kClass, "istio-system")) == "");
  CHECK(findings(to("{group: gateway.networking.k8s.io, kind: GatewayClass, name: istio}",
                    "istio-system"))
            .find("`istio` is not a GatewayClass that plugins reach [gateway-class]") !=
        std::string::npos);
}
