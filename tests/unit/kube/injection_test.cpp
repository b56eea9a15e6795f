#include "kube/injection.hpp"

#include <doctest/doctest.h>

namespace kube = wasmctl::kube;
using kube::Labels;

TEST_CASE("who gets a proxy, as Istio's table of labels has it") {
  struct Case {
    const char* name;
    Labels pod;
    const char* annotation;
    Labels ns;
    bool injected;
  };
  const Case cases[] = {
      {"a namespace that asks for it", {}, "", {{"istio-injection", "enabled"}}, true},
      {"a revision", {}, "", {{"istio.io/rev", "canary"}}, true},
      {"nothing", {}, "", {}, false},
      {"a pod that asks", {{"sidecar.istio.io/inject", "true"}}, "", {}, true},
      {"a pod with a revision", {{"istio.io/rev", "canary"}}, "", {}, true},
      {"a namespace that forbids, above the pod's label",
       {{"sidecar.istio.io/inject", "true"}},
       "",
       {{"istio-injection", "disabled"}},
       false},
      {"a namespace that forbids, above the pod's revision",
       {{"istio.io/rev", "canary"}},
       "",
       {{"istio-injection", "disabled"}},
       false},
      {"a pod that forbids",
       {{"sidecar.istio.io/inject", "false"}},
       "",
       {{"istio-injection", "enabled"}},
       false},
      {"a label above an annotation",
       {{"sidecar.istio.io/inject", "true"}},
       "false",
       {{"istio-injection", "enabled"}},
       true},
      {"an empty label above an annotation",
       {{"sidecar.istio.io/inject", ""}},
       "false",
       {{"istio-injection", "enabled"}},
       true},
      {"an annotation", {}, "false", {{"istio-injection", "enabled"}}, false},
      {"any other word than a yes",
       {{"sidecar.istio.io/inject", "no"}},
       "",
       {{"istio-injection", "enabled"}},
       false},
      {"a capital", {}, "False", {{"istio-injection", "enabled"}}, false},
      {"another yes", {}, "Yes", {{"istio-injection", "enabled"}}, true},
      {"an annotation, which asks no webhook", {}, "true", {}, false},
      {"a namespace with another word than enabled", {}, "", {{"istio-injection", "true"}}, false},
      {"a revision beside a namespace that forbids",
       {},
       "",
       {{"istio-injection", "disabled"}, {"istio.io/rev", "canary"}},
       false},
      {"ambient", {}, "", {{"istio.io/dataplane-mode", "ambient"}}, false},
      {"a sidecar in an ambient namespace",
       {{"sidecar.istio.io/inject", "true"}},
       "",
       {{"istio.io/dataplane-mode", "ambient"}},
       true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(!kube::why_not_injected({c.pod, c.annotation}, "shop", &c.ns) == c.injected);
  }
}

TEST_CASE("a gateway is told by its template") {
  struct Case {
    Labels labels;
    const char* templates;
    bool own_proxy;
    bool is_gateway;
  };
  const Case cases[] = {
      {{}, "gateway", false, true},
      {{}, "kube-gateway, custom", false, true},
      {{}, "sidecar, gateway", false, false},
      {{}, "sidecar", false, false},
      {{{"gateway.networking.k8s.io/gateway-name", "door"}}, "", false, true},
      {{{"istio", "ingressgateway"}}, "", true, true},
      {{{"istio", "ingressgateway"}}, "", false, false},
      {{{"app", "web"}}, "", true, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.templates);
    CHECK(kube::is_gateway({c.labels, "", c.templates, false, c.own_proxy}) == c.is_gateway);
  }
}
