// W-7: what `wasmctl status` sees in the objects of a cluster and in its proxies.
#include "explain/codes/chapters.hpp"

namespace wasmctl::explain {

std::vector<Sight> status_sights() {
  return {
      {.code = "W-701",
       .producer = Producer::status,
       .forms = {{"no pod of namespace <namespace> has the labels <labels...>",
                  "no pod of namespace shop has the labels app=web"}},
       .cause = "the plugin's selector fits no pod of its namespace <namespace>: <labels>",
       .remedy = "compare them with `kubectl get pods -n <namespace> --show-labels`; labels of a "
                 "Deployment itself do not count, those of its pod template do",
       .effect = "the plugin runs nowhere, and nothing complains",
       .source = "istio, pilot/pkg/model/extensions.go",
       .leads = kNotDelivered},
      {.code = "W-702",
       .producer = Producer::status,
       .forms = {{"pods with the labels <labels> are in namespace <other>, and the plugin is in "
                  "<namespace>",
                  "pods with the labels app=web are in namespace bookinfo, and the plugin is in "
                  "shop"}},
       .cause = "the pods that the plugin selects are in namespace <other>, and a plugin reaches "
                "only those of its own, <namespace>",
       .remedy = "`wasmctl render FILTER ... -n <other> | kubectl apply -f -`, and `kubectl delete "
                 "-n <namespace>` this one; a plugin of istio-system reaches all namespaces",
       .effect = "the plugin runs nowhere, and nothing complains",
       .source = "istio, pilot/pkg/model/extensions.go",
       .leads = kNotDelivered},
      {.code = "W-703",
       .producer = Producer::status,
       .forms = {{"pod <pod> has no proxy: <why...>",
                  "pod shop/web-1 has no proxy: sidecar.istio.io/inject is false"}},
       .cause = "the pod has no proxy that could run a plugin: <why>",
       .remedy = "`kubectl label namespace NAMESPACE istio-injection=enabled`, then `kubectl "
                 "rollout restart` the workload; injection happens when a pod is made",
       .source = "istio, pkg/kube/inject/inject.go",
       .leads = kNotDelivered},
      {.code = "W-704",
       .producer = Producer::status,
       .forms = {{"no mount of the proxy is over <file>",
                  "no mount of the proxy is over /var/local/wasm/header-logger/plugin.wasm"}},
       .cause = "nothing is mounted into the proxy where the plugin's file should be: <file>",
       .remedy = "patch the workload: `wasmctl render FILTER --via configmap --workload KIND/NAME "
                 "--only patch`, then `kubectl patch ... --patch-file`",
       .source = "Kubernetes, spec.containers[].volumeMounts",
       .leads = kNotMounted},
      {.code = "W-705",
       .producer = Producer::status,
       .forms = {{"the proxy has no filter of <plugin>", "the proxy has no filter of shop.header"}},
       .cause = "istiod has not sent the plugin <plugin> to this proxy",
       .remedy = "`istioctl proxy-status`: is the proxy connected? `kubectl logs -n istio-system "
                 "deploy/istiod | wasmctl explain`: is the plugin discarded? A `match` of other "
                 "ports or mode, and a proxy without listeners, have none either",
       .source = "istio, pilot/pkg/xds/ecds.go",
       .confidence = Confidence::possible,
       .leads = kNotDelivered},
      {.code = "W-706",
       .producer = Producer::status,
       .forms = {{"the proxy still has another <field> of <plugin> than the cluster",
                  "the proxy still has another pluginConfig of shop.header than the cluster"}},
       .cause = "the proxy still runs <plugin> as it was before: its <field> is not the one that "
                "the cluster has now",
       .remedy = "a push takes seconds; if it stays so: `istioctl proxy-status`, and `kubectl logs "
                 "POD -c istio-proxy | wasmctl explain`",
       .source = "Envoy, /config_dump",
       .confidence = Confidence::likely,
       .leads = kNotDelivered},
      {.code = "W-707",
       .producer = Producer::status,
       .forms = {{"the proxy still runs the module <has>, and the plugin names <wanted>",
                  "the proxy still runs the module 11aa22bb33cc, and the plugin names "
                  "44dd55ee66ff"}},
       .cause = "an old module still runs: <has>, where the plugin names <wanted>",
       .remedy = "a push takes seconds; if it stays so: `istioctl proxy-status`, and `kubectl logs "
                 "POD -c istio-proxy | wasmctl explain`",
       .source = "Envoy, /config_dump; istio, pkg/wasm/cache.go",
       .leads = kNotDelivered},
      {.code = "W-708",
       .producer = Producer::status,
       .forms = {{"the pod is of an older template of <workload>",
                  "the pod is of an older template of deployment/web"}},
       .cause = "the pod is an old one of <workload>, which is being replaced: it runs the module "
                "of its own template",
       .remedy = "`kubectl rollout status <workload>` waits for the new ones",
       .source = "Kubernetes, ReplicaSets by revision",
       .leads = kNotMounted},
      {.code = "W-709",
       .producer = Producer::status,
       .forms = {{"the rollout of <workload> is stuck: <why...>",
                  "the rollout of deployment/web is stuck: ReplicaSet \"web-6d9f\" has timed out "
                  "progressing."}},
       .cause = "old pods of <workload> still run, since its new ones do not come up: <why>",
       .remedy = "`kubectl describe` a new pod, or its ReplicaSet: an event has the reason; "
                 "`kubectl rollout undo <workload>` goes back",
       .source = "Kubernetes, conditions of a Deployment",
       .leads = kNotMounted},
      {.code = "W-710",
       .producer = Producer::status,
       .forms = {{"the proxy's container waits: <why...>",
                  "the proxy's container waits: CrashLoopBackOff: back-off 5m0s restarting failed "
                  "container"}},
       .cause = "the proxy does not run: <why>",
       .remedy = "`kubectl describe pod` has the reason of the container's last end; `kubectl logs "
                 "POD -c istio-proxy --previous | wasmctl explain`",
       .source = "Kubernetes, status.containerStatuses",
       .confidence = Confidence::likely,
       .leads = kNotDelivered},
      {.code = "W-711",
       .producer = Producer::status,
       .forms = {{"no pod is the proxy of <target>", "no pod is the proxy of Gateway/public"}},
       .cause = "no proxy belongs to what the plugin's `targetRefs` name: <target>",
       .remedy = "`kubectl get gateways,services -A`: is it there, does a waypoint serve it?",
       .effect = "the plugin runs nowhere, and nothing complains",
       .source = "istio, pilot/pkg/model/extensions.go",
       .leads = kNotDelivered},
      {.code = "W-712",
       .producer = Producer::status,
       .forms = {{"ConfigMap <name> of the volume over <file> is not there",
                  "ConfigMap shop/header-1a2b3c of the volume over /var/local/wasm/plugin.wasm is "
                  "not there"}},
       .cause = "the ConfigMap <name>, from which the module is mounted, is not there",
       .remedy = "`wasmctl render FILTER --via configmap | kubectl apply --server-side -f -`; the "
                 "kubelet looks again every few minutes by itself",
       .source = "Kubernetes, pkg/volume/configmap",
       .leads = kNotMounted},
      {.code = "W-713",
       .producer = Producer::status,
       .forms = {{"ConfigMap <name> has no key <key>, which is mounted as <file>",
                  "ConfigMap shop/header-1a2b3c has no key plugin.wasm, which is mounted as "
                  "/var/local/wasm/plugin.wasm"}},
       .cause = "the ConfigMap <name> has no key <key>, so that <file> is not there",
       .remedy = "`kubectl create configmap NAME --from-file=<key>=FILE.wasm`, or `wasmctl render "
                 "FILTER --via configmap`, which names the key so",
       .source = "Kubernetes, pkg/volume/configmap",
       .leads = kNotMounted},
      {.code = "W-714",
       .producer = Producer::status,
       .forms = {{"the policy is not accepted: <why...>",
                  "the policy is not accepted: Unable to translate EnvoyExtensionPolicy"}},
       .cause = "the control plane does not take the plugin: <why>",
       .remedy = "`kubectl get envoyextensionpolicy NAME -o yaml` has the condition; `wasmctl "
                 "check -f FILE` judges the resource",
       .effect = "the whole policy is left out",
       .source = "Envoy Gateway, status.ancestors[].conditions",
       .leads = kNotAccepted},
  };
}

}  // namespace wasmctl::explain
