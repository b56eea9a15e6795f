// Sources: istio/istio, pilot/pkg (istiod), pkg/config/validation, pkg/kube/inject;
// envoyproxy/gateway, internal/wasm and internal/gatewayapi.
#include "explain/codes/chapters.hpp"

namespace wasmctl::explain {

namespace {

constexpr std::string_view kEcds = "istio, pilot/pkg/xds/ecds.go";
constexpr std::string_view kValidation = "istio, pkg/config/validation/validation.go";

}  // namespace

std::vector<Sight> control_sights() {
  return {
      {.code = "W-501",
       .producer = Producer::istiod,
       .forms = {{"Failed to fetch docker credential <secret>: secret <name> not found",
                  "Failed to fetch docker credential kubernetes://default/regcred: secret "
                  "default/regcred not found"}},
       .cause = "the plugin's `imagePullSecret` names a Secret that is not in the plugin's "
                "namespace: <name>",
       .remedy = "`kubectl create secret docker-registry NAME -n NAMESPACE "
                 "--docker-server=REGISTRY --docker-username=... --docker-password=...`",
       .effect = "the agent then fetches nothing, and all requests are denied",
       .source = kEcds,
       .leads = kNoSecret | kNotFetched},
      {.code = "W-502",
       .producer = Producer::istiod,
       .forms = {{"type of secret <name> is not kubernetes.io/dockerconfigjson",
                  "Failed to fetch docker credential kubernetes://default/regcred: type of secret "
                  "default/regcred is not kubernetes.io/dockerconfigjson"}},
       .cause = "the Secret <name> is of another type than kubernetes.io/dockerconfigjson",
       .remedy = "make it by `kubectl create secret docker-registry NAME -n NAMESPACE ...`; a "
                 "Secret's type cannot be changed, delete the old one first",
       .source = kEcds,
       .leads = kNoSecret | kNotFetched},
      {.code = "W-503",
       .producer = Producer::istiod,
       .forms = {{"cannot find docker config at secret <name>",
                  "Failed to fetch docker credential kubernetes://default/regcred: cannot find "
                  "docker config at secret default/regcred"}},
       .cause = "the Secret <name> has no key `.dockerconfigjson`",
       .remedy = "make it by `kubectl create secret docker-registry NAME -n NAMESPACE ...`",
       .source = kEcds,
       .leads = kNoSecret | kNotFetched},
      {.code = "W-504",
       .producer = Producer::istiod,
       .forms = {{"proxy <proxy> is not authorized to receive secret",
                  "proxy web-1.default is not authorized to receive secret. Ensure you are "
                  "connecting over TLS port and are authenticated."}},
       .cause =
           "istiod gives <proxy> no Secret, since it is connected without TLS and authentication",
       .remedy = "let proxies connect to port 15012: `meshConfig.defaultConfig.discoveryAddress`",
       .source = kEcds,
       .leads = kNoSecret | kNotFetched},
      {.code = "W-505",
       .producer = Producer::istiod,
       .forms = {{"proxy <proxy> is from an unknown cluster, cannot retrieve certificates for Wasm "
                  "image pull: <why...>",
                  "proxy web-1.default is from an unknown cluster, cannot retrieve certificates "
                  "for Wasm image pull: cluster east not found"}},
       .cause = "istiod does not know the cluster of <proxy>, and answers it nothing about plugins",
       .remedy = "`istioctl remote-clusters`; make the remote secret anew: `istioctl "
                 "create-remote-secret`",
       .source = kEcds,
       .leads = kNoSecret | kNotFetched | kNotDelivered},
      {.code = "W-506",
       .producer = Producer::istiod,
       .forms = {{"Failed to parse secret resource name <name>: <why...>",
                  "Failed to parse secret resource name kubernetes://: invalid resource"}},
       .cause = "the plugin's `imagePullSecret` is not the name of a Secret",
       .remedy = "`wasmctl check -f PLUGIN.yaml`: it is a bare name, of a Secret in the plugin's "
                 "namespace",
       .source = kEcds,
       .leads = kNoSecret | kNotFetched},
      {.code = "W-507",
       .producer = Producer::istiod,
       .forms =
           {{"wasmplugin <plugin> discarded due to failure to parse URL: <why...>",
             "wasmplugin default/filter discarded due to failure to parse URL: invalid port"},
            {"wasmplugin <plugin> discarded due to json marshaling error: <why...>",
             "wasmplugin default/filter discarded due to json marshaling error: invalid"},
            {"trafficextension <plugin> discarded due to failure to parse wasm URL: <why...>",
             "trafficextension default/filter discarded due to failure to parse wasm URL: invalid "
             "port"},
            {"trafficextension <plugin> discarded due to json marshaling error: <why...>",
             "trafficextension default/filter discarded due to json marshaling error: invalid"},
            {"trafficextension <plugin> discarded: <why...>",
             "trafficextension default/filter discarded: wasm.url is required"}},
       .cause = "istiod ignores the plugin <plugin>: <why>",
       .remedy = "`wasmctl check -f PLUGIN.yaml`; from Istio 1.30 on the line says "
                 "trafficextension of a WasmPlugin, too",
       .effect = "the plugin is nowhere, and nothing else says so",
       .source = "istio, pilot/pkg/model/extensions.go",
       .leads = kNotAccepted},
      {.code = "W-508",
       .producer = Producer::istiod,
       .forms =
           {{"Lua filters do not support network filtering, skipping TrafficExtension <plugin>",
             "Lua filters do not support network filtering, skipping TrafficExtension "
             "default/filter"},
            {"unknown filter type for TrafficExtension <plugin>",
             "unknown filter type for TrafficExtension default/filter"}},
       .cause = "istiod leaves the TrafficExtension <plugin> out, for its kind of filter",
       .remedy = "`wasmctl check -f PLUGIN.yaml`; `spec.wasm.type` is HTTP or NETWORK",
       .versions = "Istio 1.30 and later",
       .source = "istio, pilot/pkg/networking/core/extension/extensionfilter.go",
       .leads = kNotAccepted},
      {.code = "W-509",
       .producer = Producer::istiod,
       .role = Role::consequence,
       .step = 7,
       .forms =
           {{"ADS:ECDS: ACK ERROR <proxy> <why...>",
             "ADS:ECDS: ACK ERROR web-1.default-12 Internal:the plugin has no code"},
            {"ADS:LDS: ACK ERROR <proxy> <...>asm<why...>",
             "ADS:LDS: ACK ERROR web-1.default-12 Internal:virtualInbound: wasm is not allowed"}},
       .cause = "the proxy <proxy> refused what istiod pushed: <why>",
       .remedy = "the proxy's own log has the reason: `kubectl logs POD -c istio-proxy | wasmctl "
                 "explain`",
       .source = "istio, pilot/pkg/xds/ads.go",
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded | kNotFetched},
      {.code = "W-510",
       .producer = Producer::istiod,
       .role = Role::remark,
       .forms = {{"ECDS: PUSH for node:<proxy> resources:0 ",
                  "ECDS: PUSH for node:web-1.default resources:0 size:0B"},
                 {"ECDS: PUSH request for node:<proxy> resources:0 ",
                  "ECDS: PUSH request for node:web-1.default resources:0 size:0B"}},
       .cause = "istiod has no plugin for <proxy>: no selector, or no namespace, fits it",
       .remedy = "`kubectl get pod NAME --show-labels` beside the plugin's `selector`; a plugin "
                 "works in its own namespace, or everywhere from istio-system: `wasmctl check -f "
                 "PLUGIN.yaml -f WORKLOAD.yaml`",
       .source = "istio, pilot/pkg/xds/xdsgen.go",
       .confidence = Confidence::likely,
       .leads = kNotDelivered},
      {.code = "W-511",
       .producer = Producer::istiod,
       .role = Role::remark,
       .forms =
           {{"ECDS: Send failure for node:<proxy> <why...>",
             "ECDS: Send failure for node:web-1.default resources:1 size:1.2kB: stream closed"}},
       .cause = "a push of plugins to <proxy> did not arrive",
       .remedy = "`istioctl proxy-status`: a proxy that is connected gets the next one",
       .source = "istio, pilot/pkg/xds/xdsgen.go",
       .confidence = Confidence::likely},
      {.code = "W-512",
       .producer = Producer::istiod,
       .forms =
           {{"failed to run injection template: <why...>",
             "failed to run injection template: template: inject:1: range can't iterate over {}"},
            {"failed to re apply container", "failed to re apply container: invalid"}},
       .cause = "the pod cannot get its proxy: an annotation for it, mostly "
                "sidecar.istio.io/userVolume, is not the JSON that is wanted",
       .remedy = "`wasmctl patch FILTER -f WORKLOAD.yaml` mounts without annotations; `wasmctl "
                 "check -f WORKLOAD.yaml` says what is wrong with them",
       .effect = "no new pod of that workload comes up",
       .source = "istio, pkg/kube/inject",
       .confidence = Confidence::likely,
       .leads = kNotAccepted | kNotMounted},
      {.code = "W-513",
       .producer = Producer::istiod,
       .role = Role::wrapper,
       .forms = {{"validation.istio.io\" denied the request: configuration is invalid: <why...>",
                  "Error from server: admission webhook \"rev.validation.istio.io\" denied the "
                  "request: configuration is invalid: unknown phase"}},
       .cause = "istiod's webhook refuses the resource: <why>",
       .remedy = "`wasmctl check -f FILE` names the field and its line",
       .source = kValidation,
       .leads = kNotAccepted},
      {.code = "W-514",
       .producer = Producer::istiod,
       .forms = {{"url field needs to be set",
                  "configuration is invalid: url field needs to be set"},
                 {"url contains unsupported scheme: <scheme>",
                  "configuration is invalid: url contains unsupported scheme: docker"},
                 {"failed to parse url: <why...>",
                  "configuration is invalid: failed to parse url: parse \"oci://a:b/c\": invalid "
                  "port \":b\" after host"},
                 {"failed to strict parse url: <why...>",
                  "configuration is invalid: failed to strict parse url: invalid port"}},
       .cause = "the plugin's `url` is missing, or of a form that Istio does not take: it wants "
                "oci://, http://, https:// or file:///",
       .remedy = "`wasmctl check -f PLUGIN.yaml`; `wasmctl render` writes one that works",
       .source = kValidation,
       .leads = kNotAccepted},
      {.code = "W-515",
       .producer = Producer::istiod,
       .forms = {{"sha256 field must be 64 characters long",
                  "configuration is invalid: sha256 field must be 64 characters long"},
                 {"sha256 field must match [a-f0-9]{64} pattern",
                  "configuration is invalid: sha256 field must match [a-f0-9]{64} pattern"}},
       .cause = "the plugin's `sha256` is not 64 hexadecimal digits in lower case, without "
                "`sha256:` before them",
       .remedy = "`wasmctl push` and `wasmctl render` print the right value",
       .source = kValidation,
       .leads = kNotAccepted},
      {.code = "W-516",
       .producer = Producer::istiod,
       .context = "configuration is invalid",
       .forms =
           {{"imagePullSecret field must be less than 253 characters long",
             "configuration is invalid: imagePullSecret field must be less than 253 characters "
             "long"},
            {"pluginName field must be less than <most> characters long",
             "configuration is invalid: pluginName field must be less than 255 characters long"},
            {"spec.vmConfig.env invalid", "configuration is invalid: spec.vmConfig.env invalid"},
            {"env.name field must be less than <most> characters long",
             "configuration is invalid: env.name field must be less than 255 characters long"},
            {"duplicate env", "configuration is invalid: spec.vmConfig.env invalid: duplicate env"},
            {"value may only be set when valueFrom is INLINE",
             "configuration is invalid: value may only be set when valueFrom is INLINE"},
            {"spec.Match[<index>].Ports[<port>] is out of range",
             "configuration is invalid: spec.Match[0].Ports[0] is out of range: 0"},
            {"exactly one of wasm or lua must be set",
             "configuration is invalid: exactly one of wasm or lua must be set"}},
       .cause = "a field of the plugin has a value that Istio refuses",
       .remedy = "`wasmctl check -f PLUGIN.yaml` names the field and its line",
       .source = kValidation,
       .leads = kNotAccepted},
      {.code = "W-517",
       .producer = Producer::istiod,
       .forms = {{"[IST0166] (WasmPlugin <plugin>) Ineffective selector on Kubernetes Gateway "
                  "<gateway>. Use",
                  "Warning [IST0166] (WasmPlugin default/filter) Ineffective selector on "
                  "Kubernetes Gateway web. Use the TargetRef field instead."}},
       .cause = "<plugin> selects the pods of the Kubernetes Gateway <gateway> by their labels, "
                "which has no effect on it",
       .remedy = "name the Gateway in place of `selector`: `targetRefs: [{group: "
                 "gateway.networking.k8s.io, kind: Gateway, name: NAME}]`; `wasmctl render "
                 "--target-ref Gateway/NAME` writes it",
       .effect = "the Gateway's proxies do not get the plugin",
       .source = "istio, pkg/config/analysis: `istioctl analyze`",
       .leads = kNotDelivered},
      {.code = "W-520",
       .producer = Producer::gateway,
       .forms = {{"wasm module size <size> exceeds maximum size <most>",
                  "wasm module size 300000000 exceeds maximum size 268435456"},
                 {"wasm layer size exceeds maximum size <most>",
                  "wasm layer size exceeds maximum size 268435456"},
                 {"decompressed wasm module size exceeds maximum size <most>",
                  "decompressed wasm module size exceeds maximum size 268435456"},
                 {"plugin.wasm size <size> exceeds maximum size <most>",
                  "plugin.wasm size 300000000 exceeds maximum size 268435456"},
                 {"wasm cache size exceeded the limit: <most>",
                  "wasm cache size exceeded the limit: 1073741824"}},
       .cause = "the module, or the gateway's cache of modules, is larger than <most> bytes",
       .remedy = "`wasmctl inspect FILE` says what makes it large, and what would make it smaller",
       .source = "envoyproxy/gateway, internal/wasm",
       .leads = kNotAccepted | kNotFetched},
      {.code = "W-521",
       .producer = Producer::gateway,
       .forms =
           {{"missing HTTP field in Wasm code source", "missing HTTP field in Wasm code source"},
            {"missing Image field in Wasm code source", "missing Image field in Wasm code source"},
            {"unsupported Wasm code source type", "unsupported Wasm code source type"},
            {"missing .dockerconfigjson key in secret",
             "missing .dockerconfigjson key in secret default/regcred"},
            {"failed to append CA certificate to pool", "failed to append CA certificate to pool"},
            {"wasm cache is not initialized", "wasm cache is not initialized"}},
       .cause = "the EnvoyExtensionPolicy is not accepted: its code source, its Secret or its CA "
                "is not what Envoy Gateway wants",
       .remedy = "`wasmctl check -f POLICY.yaml`; `kubectl get envoyextensionpolicy NAME -o yaml | "
                 "wasmctl explain`",
       .effect = "the whole policy is left out",
       .source = "envoyproxy/gateway, internal/gatewayapi",
       .leads = kNotAccepted},
      {.code = "W-522",
       .producer = Producer::gateway,
       .forms = {{"invalid RemoteDataSource.Sha256: value length must be at least",
                  "failed to translate xds ir: invalid AsyncDataSource.Remote: embedded message "
                  "failed validation | caused by: invalid RemoteDataSource.Sha256: value length "
                  "must be at least 1 runes"}},
       .cause =
           "the policy gives a module by its URL without `sha256`, which this Envoy Gateway needs",
       .remedy = "put the module's digest into `code.http.sha256`: `sha256sum FILE.wasm`",
       .source = "Envoy, the checks of its configuration's fields",
       .leads = kNotAccepted | kNotFetched},
      {.code = "W-523",
       .producer = Producer::gateway,
       .forms = {{"EnvoyPatchPolicy is disabled in the EnvoyGateway configuration",
                  "EnvoyPatchPolicy is disabled in the EnvoyGateway configuration"}},
       .cause = "Envoy Gateway ignores EnvoyPatchPolicies, as it does unless it is told otherwise",
       .remedy = "an EnvoyExtensionPolicy needs no such right: `wasmctl render FILTER --kind "
                 "EnvoyExtensionPolicy`; or `extensionApis: {enableEnvoyPatchPolicy: true}` in the "
                 "EnvoyGateway configuration",
       .effect = "the filter is nowhere",
       .source = "envoyproxy/gateway, internal/gatewayapi",
       .leads = kNotAccepted},
      {.code = "W-530",
       .producer = Producer::istiod,
       .role = Role::consequence,
       .step = 7,
       .forms = {{"pilot_total_xds_rejects{<...>type=\"ecds\"<...>} <count>",
                  "pilot_total_xds_rejects{type=\"ecds\"} 4"},
                 {"pilot_total_xds_rejects{<...>type=\"type.googleapis.com/"
                  "envoy.config.core.v3.TypedExtensionConfig\"<...>} <count>",
                  "pilot_total_xds_rejects{type=\"type.googleapis.com/"
                  "envoy.config.core.v3.TypedExtensionConfig\"} 4"}},
       .cause = "proxies have refused pushes of plugins, <count> times since istiod started",
       .remedy =
           "`kubectl logs -n istio-system deploy/istiod | wasmctl explain` says which proxies",
       .source = "istio, pilot/pkg/xds/monitoring.go",
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded | kNotFetched},
  };
}

std::vector<Sight> kubernetes_sights() {
  return {
      {.code = "W-601",
       .producer = Producer::kubernetes,
       .forms = {{"MountVolume.SetUp failed for volume <volume> : configmap <name> not found",
                  "MountVolume.SetUp failed for volume \"filter\" : configmap \"filter-1a2b3c\" "
                  "not found"},
                 {"MountVolume.SetUp failed for volume <volume> : configmaps <name> not found",
                  "MountVolume.SetUp failed for volume \"filter\" : configmaps \"filter-1a2b3c\" "
                  "not found"}},
       .cause =
           "the ConfigMap <name> is not in the pod's namespace, so that the pod does not start",
       .remedy =
           "apply it there: `wasmctl render FILTER --via configmap -n NAMESPACE | kubectl apply "
           "--server-side -f -`; `kubectl get configmap -A | grep NAME` finds a copy elsewhere",
       .source = "Kubernetes, pkg/volume/configmap",
       .leads = kNotMounted},
      {.code = "W-602",
       .producer = Producer::kubernetes,
       .forms = {{"MountVolume.SetUp failed for volume <volume> : <...>references non-existent "
                  "config key: <key>",
                  "MountVolume.SetUp failed for volume \"filter\" : configmap references "
                  "non-existent config key: plugin.wasm"}},
       .cause = "the ConfigMap has no key <key>, which the volume's `items` name",
       .remedy = "`kubectl get configmap NAME -o jsonpath='{.binaryData}' | head -c 80` shows its "
                 "keys; `wasmctl check -f CONFIGMAP.yaml -f WORKLOAD.yaml`",
       .source = "Kubernetes, pkg/volume/configmap",
       .leads = kNotMounted},
      {.code = "W-603",
       .producer = Producer::kubernetes,
       .role = Role::consequence,
       .step = 1,
       .forms = {{"Unable to attach or mount volumes: unmounted volumes=[<volumes...>]",
                  "Unable to attach or mount volumes: unmounted volumes=[filter], unattached "
                  "volumes=[], failed to process volumes=[]: timed out waiting for the condition"},
                 {"list of unmounted volumes=[<volumes...>]",
                  "Unable to mount volumes for pod \"web-1_default(f4b4b9b1)\": timeout expired "
                  "waiting for volumes to attach or mount for pod \"default\"/\"web-1\". list of "
                  "unmounted volumes=[filter]. list of unattached volumes=[filter podinfo]"}},
       .cause = "the pod waits for the volumes <volumes>",
       .remedy = "`kubectl describe pod POD`: an event `MountVolume.SetUp failed` has the reason",
       .source = "Kubernetes, pkg/kubelet/volumemanager",
       .confidence = Confidence::possible,
       .leads = kNotMounted,
       .follows = kNotMounted},
      {.code = "W-604",
       .producer = Producer::kubernetes,
       .forms =
           {{"Couldn't get configMap <name>: <why...>",
             "Couldn't get configMap default/filter-1a2b3c: configmap \"filter-1a2b3c\" not found"},
            {"failed to sync configmap cache: timed out waiting for the condition",
             "MountVolume.SetUp failed for volume \"filter\" : failed to sync configmap cache: "
             "timed out waiting for the condition"}},
       .cause = "the kubelet cannot get a ConfigMap from the API server",
       .remedy = "`kubectl get configmap -n NAMESPACE`; if it is there, the kubelet tries again by "
                 "itself",
       .source = "Kubernetes, pkg/volume/configmap",
       .confidence = Confidence::likely,
       .leads = kNotMounted},
      {.code = "W-605",
       .producer = Producer::kubernetes,
       .forms = {{"failed to mount image volume: <why...>",
                  "Error: failed to mount image volume: ImageVolumeMountFailed: not a directory"},
                 {"ImageVolumeMountFailed", "Error: ImageVolumeMountFailed"}},
       .cause = "the node cannot mount the image as a volume: its runtime does not know image "
                "volumes, or the image has no layer of files",
       .remedy = "containerd 2.1 or CRI-O 1.31 and later do; `wasmctl inspect IMAGE` says who "
                 "takes the image; `wasmctl push --format compat` makes one",
       .source = "containerd, CRI's image volumes",
       .confidence = Confidence::likely,
       .leads = kNotMounted},
      {.code = "W-606",
       .producer = Producer::kubernetes,
       .forms =
           {{"Too long: may not be more than 1048576 ",
             "The ConfigMap \"filter\" is invalid: []: Too long: may not be more than 1048576 "
             "bytes"},
            {"Too long: must have at most 1048576 ",
             "The ConfigMap \"filter\" is invalid: []: Too long: must have at most 1048576 bytes"},
            {"Request entity too large: limit is 3145728",
             "Error from server (RequestEntityTooLarge): Request entity too large: limit is "
             "3145728"}},
       .cause = "the module is larger than a ConfigMap may be: 1,048,576 bytes",
       .remedy = "`wasmctl inspect FILE` says what would make it smaller; or ship an image: "
                 "`wasmctl push FILE IMAGE`",
       .source = "Kubernetes, pkg/apis/core/validation",
       .confidence = Confidence::likely,
       .leads = kNotAccepted | kNotMounted},
      {.code = "W-607",
       .producer = Producer::kubernetes,
       .forms = {{"metadata.annotations: Too long: may not be more than 262144 ",
                  "The ConfigMap \"filter\" is invalid: metadata.annotations: Too long: may not be "
                  "more than 262144 bytes"},
                 {"metadata.annotations: Too long: must have at most 262144 ",
                  "The ConfigMap \"filter\" is invalid: metadata.annotations: Too long: must have "
                  "at most 262144 bytes"}},
       .cause = "`kubectl apply` wants to copy the ConfigMap into an annotation, which holds "
                "262,144 bytes",
       .remedy = "`kubectl apply --server-side -f FILE` makes no such copy",
       .source = "Kubernetes, pkg/apis/core/validation",
       .leads = kNotAccepted | kNotMounted},
      {.code = "W-608",
       .producer = Producer::kubernetes,
       .forms = {{"no matches for kind \"TrafficExtension\" in version",
                  "error: resource mapping not found for name: \"filter\" namespace: \"\" from "
                  "\"STDIN\": no matches for kind \"TrafficExtension\" in version "
                  "\"extensions.istio.io/v1alpha1\""}},
       .cause = "the cluster has no TrafficExtension: its Istio is older than 1.30",
       .remedy = "`wasmctl render --kind WasmPlugin`, or newer CRDs: `istioctl version`",
       .source = "kubectl",
       .leads = kNotAccepted},
      {.code = "W-609",
       .producer = Producer::kubernetes,
       .forms = {{"no matches for kind \"WasmPlugin\" in version",
                  "error: resource mapping not found for name: \"filter\" namespace: \"\" from "
                  "\"STDIN\": no matches for kind \"WasmPlugin\" in version "
                  "\"extensions.istio.io/v1alpha1\""},
                 {"no matches for kind \"EnvoyExtensionPolicy\" in version",
                  "error: unable to recognize \"p.yaml\": no matches for kind "
                  "\"EnvoyExtensionPolicy\" in version \"gateway.envoyproxy.io/v1alpha1\""}},
       .cause = "the cluster does not know the plugin's kind: Istio, or Envoy Gateway, is not "
                "installed there",
       .remedy = "`kubectl config current-context` names the cluster; `kubectl get crd | grep -e "
                 "istio -e envoyproxy` what it knows",
       .source = "kubectl",
       .leads = kNotAccepted},
      {.code = "W-610",
       .producer = Producer::kubernetes,
       .role = Role::remark,
       .forms = {{"resource of kind WasmPlugin", "resource of kind WasmPlugin"},
                 {"resource of kind TrafficExtension", "resource of kind TrafficExtension"},
                 {"resource of kind EnvoyExtensionPolicy",
                  "resource of kind EnvoyExtensionPolicy"}},
       .cause =
           "the input has a plugin's own resource, of which only its status was looked at here",
       .remedy =
           "`wasmctl check -f FILE` judges what it asks for; `wasmctl explain LOG -f FILE` both",
       .source = "kubectl get -o yaml"},
      {.code = "W-611",
       .producer = Producer::kubernetes,
       .forms = {{"MountVolume.SetUp failed for volume <...> : configmap \"istio-ca-root-cert\" "
                  "not found",
                  "MountVolume.SetUp failed for volume \"istiod-ca-cert\" : configmap "
                  "\"istio-ca-root-cert\" not found"},
                 {"unmounted volumes=[istiod-ca-cert]",
                  "Unable to attach or mount volumes: unmounted volumes=[istiod-ca-cert], "
                  "unattached volumes=[istio-envoy istiod-ca-cert]: timed out waiting for the "
                  "condition"}},
       .cause = "istiod has not put its ConfigMap istio-ca-root-cert into the pod's namespace, so "
                "that no proxy starts there",
       .remedy = "`kubectl get pods -n istio-system`: istiod must run; `kubectl logs -n "
                 "istio-system deploy/istiod | grep -i namespace` says why it leaves one out",
       .effect = "the pod does not start; no plugin is the reason",
       .source = "istio, pilot/pkg/bootstrap; Kubernetes, pkg/volume/configmap",
       .leads = kNotMounted},
      {.code = "W-612",
       .producer = Producer::kubernetes,
       .role = Role::wrapper,
       .forms =
           {{"The WasmPlugin <name> is invalid: <why...>",
             "The WasmPlugin \"filter\" is invalid: spec.url: Required value"},
            {"The TrafficExtension <name> is invalid: <why...>",
             "The TrafficExtension \"filter\" is invalid: spec.phase: Unsupported value: "
             "\"EARLY\": "
             "supported values: \"AUTHN\", \"AUTHZ\", \"STATS\""},
            {"The EnvoyExtensionPolicy <name> is invalid: <why...>",
             "The EnvoyExtensionPolicy \"filter\" is invalid: spec.wasm[0].code: Required value"},
            {"WasmPlugin.extensions.istio.io <name> is invalid: <why...>",
             "WasmPlugin.extensions.istio.io \"filter\" is invalid: spec.url: Required value"},
            {"TrafficExtension.extensions.istio.io <name> is invalid: <why...>",
             "TrafficExtension.extensions.istio.io \"filter\" is invalid: spec: Required value"},
            {"EnvoyExtensionPolicy.gateway.envoyproxy.io <name> is invalid: <why...>",
             "EnvoyExtensionPolicy.gateway.envoyproxy.io \"filter\" is invalid: spec: Required "
             "value"},
            {"WasmPlugin in version <version> cannot be handled as a WasmPlugin: <why...>",
             "Error from server (BadRequest): error when creating \"p.yaml\": WasmPlugin in "
             "version "
             "\"v1alpha1\" cannot be handled as a WasmPlugin: strict decoding error: unknown field "
             "\"spec.type\""},
            {"TrafficExtension in version <version> cannot be handled as a TrafficExtension: "
             "<why...>",
             "TrafficExtension in version \"v1alpha1\" cannot be handled as a TrafficExtension: "
             "strict decoding error: unknown field \"spec.url\""},
            {"EnvoyExtensionPolicy in version <version> cannot be handled as a "
             "EnvoyExtensionPolicy: <why...>",
             "EnvoyExtensionPolicy in version \"v1alpha1\" cannot be handled as a "
             "EnvoyExtensionPolicy: strict decoding error: unknown field \"spec.url\""},
            {"Kind=WasmPlugin): <why...>",
             "failed to create typed patch object (default/filter; extensions.istio.io/v1alpha1, "
             "Kind=WasmPlugin): .spec.type: field not declared in schema"},
            {"Kind=TrafficExtension): <why...>",
             "failed to create typed patch object (default/filter; extensions.istio.io/v1alpha1, "
             "Kind=TrafficExtension): .spec.url: field not declared in schema"},
            {"Kind=EnvoyExtensionPolicy): <why...>",
             "failed to create typed patch object (default/filter; "
             "gateway.envoyproxy.io/v1alpha1, Kind=EnvoyExtensionPolicy): .spec.url: field not "
             "declared in schema"},
            {"ValidationError(WasmPlugin<...>): <why...>",
             "error validating \"p.yaml\": error validating data: "
             "ValidationError(WasmPlugin.spec): "
             "unknown field \"typ\" in io.istio.extensions.v1alpha1.WasmPlugin.spec"}},
       .cause = "the API server refuses the plugin's resource: <why>",
       .remedy = "`wasmctl check -f FILE` names the field and its line; a field that the cluster "
                 "does not know may be of a newer Istio or Envoy Gateway than it has: `istioctl "
                 "version`",
       .source = "Kubernetes, apiextensions-apiserver: the schema of the CRD",
       .leads = kNotAccepted},
  };
}

}  // namespace wasmctl::explain
