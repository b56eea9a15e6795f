// Sources: Envoy, source/extensions/config_subscription, source/common/filter,
// source/common/protobuf; istio/istio, pkg/istio-agent, pilot/pkg/xds.
#include "explain/codes/chapters.hpp"

namespace wasmctl::explain {

std::vector<Sight> delivery_sights() {
  return {
      {.code = "W-301",
       .forms = {{"Protobuf message (type <...>field:<field...>) has unknown fields",
                  "Protobuf message (type envoy.config.bootstrap.v3.Bootstrap reason "
                  "INVALID_ARGUMENT: invalid JSON in envoy.config.bootstrap.v3.Bootstrap @ "
                  "static_resources.listeners[0]: message envoy.extensions.wasm.v3.PluginConfig, "
                  "near 1:485   (offset 484): no such   field:  'rootid') has unknown fields",
                  "wasm"},
                 {"Protobuf message (type <field...> has unknown fields",
                  "Protobuf message (type envoy.extensions.filters.http.wasm.v3.Wasm with unknown "
                  "field set {9}) has unknown fields",
                  "wasm"},
                 {"Protobuf message (type envoy.config.bootstrap.<...> reason <field...> has "
                  "unknown fields",
                  "error initializing configuration '/etc/envoy.yaml': Protobuf message (type "
                  "envoy.config.bootstrap.v3.Bootstrap reason "
                  "INVALID_ARGUMENT:(static_resources.clusters[0]) tlsContext: Cannot find field.) "
                  "has unknown fields"}},
       .cause = "Envoy's configuration has a field that this Envoy does not know, by a typing "
                "error, or since it is of a newer version: <field>",
       .remedy = "`wasmctl check -f FILE` names the field and its line",
       .source = "Envoy, source/common/protobuf/utility.cc",
       .leads = kNotLoaded},

      {.code = "W-302",
       .context = "wasm",
       .role = Role::reason,
       .forms =
           {{"rejected: Proto constraint validation failed "
             "(WasmValidationError<...>RemoteDataSourceValidationError.Sha256: <why...>",
             "gRPC config for type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig "
             "rejected: Proto constraint validation failed (WasmValidationError.Config: embedded "
             "message failed validation | caused by RemoteDataSourceValidationError.Sha256: value "
             "length must be at least 1 characters)"}},
       .cause = "the plugin's configuration came to Envoy as istiod wrote it: no agent has fetched "
                "the module and put a file in its place",
       .remedy = "let the proxy run under an agent that does so: look for "
                 "`ISTIO_AGENT_ENABLE_WASM_REMOTE_LOAD_CONVERSION=false`, an old proxy, or a "
                 "gateway with an image of its own",
       .source = "Envoy, the checks of its configuration's fields",
       .confidence = Confidence::likely,
       .leads = kNotLoaded},

      {.code = "W-303",
       .context = "wasm",
       .forms =
           {{"could not find @type <name>",
             "Unable to parse JSON as proto (INVALID_ARGUMENT: could not find @type "
             "'type.googleapis.com/envoy.extensions.filters.http.wasm.v4.Wasm'): {}"},
            {"Didn't find a registered implementation for <name> with type URL: <type>",
             "Didn't find a registered implementation for 'envoy.filters.http.wasm' with type "
             "URL: 'envoy.extensions.filters.http.wasm.v3.Wasm'"},
            {"Didn't find a registered implementation for name: <name>",
             "Didn't find a registered implementation for name: 'envoy.filters.http.wasm'"},
            {"Can't find a registered implementation for http filter <name> with type URL: <type>",
             "Can't find a registered implementation for http filter 'wasm1' with type URL: "
             "'google.protobuf.Empty'"}},
       .cause = "this Envoy has no filter <name>: it was built without, or the name or type URL is "
                "not one of a filter in that place",
       .remedy = "run a build with Wasm (Istio's proxyv2, envoyproxy/envoy); `wasmctl check -f "
                 "FILE` reads the type",
       .source = "Envoy, source/common/config/utility.h",
       .leads = kNotLoaded},
      {.code = "W-304",
       .role = Role::consequence,
       .step = 5,
       .forms = {{"TypedExtensionConfig rejected: <why...>",
                  "gRPC config for type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig "
                  "rejected: the plugin has no code"}},
       .cause = "Envoy refuses a filter that was pushed to it: <why>",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain`: an earlier line has the "
                 "reason; the version before, if there is one, goes on serving",
       .source = "Envoy, source/extensions/config_subscription",
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded | kNotFetched},
      {.code = "W-305",
       .forms = {{"initial fetch timed out for "
                  "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
                  "gRPC config: initial fetch timed out for "
                  "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"}},
       .cause = "Envoy waits for filters that did not come in time: istiod is slow or away, or the "
                "agent is still fetching a module",
       .remedy = "`istioctl proxy-status` shows whether the proxy is connected; `kubectl logs POD "
                 "-c istio-proxy | wasmctl explain`",
       .effect = "until they come, requests get 500",
       .source = "Envoy, source/extensions/config_subscription",
       .confidence = Confidence::possible,
       .leads = kNotDelivered,
       .follows = kNotFetched | kNotDelivered},
      {.code = "W-306",
       .role = Role::consequence,
       .step = 5,
       .forms = {{"Filesystem config update rejected: <why...>",
                  "Filesystem config update rejected: The plugin has no code"}},
       .cause = "Envoy refuses the configuration in a file that it watches: <why>",
       .remedy = "an earlier line of the log has the reason; the version before goes on serving",
       .source = "Envoy, source/extensions/config_subscription/filesystem",
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded},
      {.code = "W-307",
       .forms = {{"Filesystem config update failure: in <file>, <why...>",
                  "Filesystem config update failure: in /tmp/ecds.json, Unable to parse JSON as "
                  "proto (INVALID_ARGUMENT: invalid JSON)"}},
       .cause = "Envoy cannot read the configuration in <file>: <why>",
       .remedy = "move whole files into place, never write into one that is watched; `wasmctl "
                 "check -f FILE`",
       .source = "Envoy, source/extensions/config_subscription/filesystem",
       .leads = kNotLoaded},
      {.code = "W-308",
       .forms = {{"Unexpected resource name in ExtensionConfigDS response: <name>",
                  "Unexpected resource name in ExtensionConfigDS response: other"},
                 {"Unexpected number of resources in ExtensionConfigDS response: <number>",
                  "Unexpected number of resources in ExtensionConfigDS response: 2"}},
       .cause = "what came for a filter has another name than the filter, or is not one resource",
       .remedy = "let the resource's `name` be that of the filter under http_filters",
       .source = "Envoy, source/common/filter/config_discovery_impl.cc",
       .leads = kNotLoaded},
      {.code = "W-309",
       .forms = {{"Error: filter config <plugin> applied without warming but has no default config",
                  "Error: filter config filter applied without warming but has no default config."},
                 {"Error: filter config has type URL <type> but expect <expected>",
                  "Error: filter config has type URL envoy.extensions.filters.http.rbac.v3.RBAC "
                  "but expect envoy.extensions.filters.http.wasm.v3.Wasm."},
                 {"ECDS subscription <plugin> is invalid in a listener context: <why...>",
                  "ECDS subscription filter is invalid in a listener context: bad"},
                 {"Updating filter config <plugin> failed due to <why...>",
                  "Updating filter config filter failed due to bad"}},
       .cause = "the listener's `config_discovery` and what is discovered do not fit each other",
       .remedy = "`type_urls` must have the type that comes; give a `default_config`, or let the "
                 "listener wait: `apply_default_config_without_warming: false`",
       .source = "Envoy, source/common/filter/config_discovery_impl.cc",
       .leads = kNotLoaded},
      {.code = "W-310",
       .forms = {{"TypedExtensionConfig: node 'id' and 'cluster' are required",
                  "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig: node 'id' and "
                  "'cluster' are required. Set it either in 'node' config or via --service-node "
                  "and --service-cluster options."}},
       .cause = "the bootstrap has no node, without which no filter can be discovered",
       .remedy = "`envoy --service-node ID --service-cluster NAME`, or `node: {id, cluster}` in "
                 "the bootstrap",
       .source = "Envoy, source/common/config/utility.cc",
       .leads = kNotDelivered},
      {.code = "W-311",
       .context = "wasm",
       .role = Role::consequence,
       .step = 5,
       .forms = {{"Error adding/updating listener(s) <listener>: <why...>",
                  "Error adding/updating listener(s) virtualInbound: wasm is not allowed"},
                 {"type.googleapis.com/envoy.config.listener.v3.Listener rejected: <why...>",
                  "gRPC config for type.googleapis.com/envoy.config.listener.v3.Listener rejected: "
                  "virtualInbound: wasm is not allowed"},
                 {"type.googleapis.com/envoy.api.v2.Listener rejected: <why...>",
                  "gRPC config for type.googleapis.com/envoy.api.v2.Listener rejected: "
                  "virtualInbound: wasm is not allowed"}},
       .cause = "Envoy refuses a whole listener for a Wasm filter in it: <why>",
       .remedy = "an earlier line of the same log has the reason; `kubectl logs POD -c istio-proxy "
                 "| wasmctl explain`",
       .source = "Envoy, source/common/listener_manager/lds_api.cc",
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded | kNotFetched},
      {.code = "W-312",
       .role = Role::consequence,
       .step = 6,
       .forms =
           {{"extension_config_discovery.http_filter.<plugin>.update_rejected: <count>",
             "extension_config_discovery.http_filter.extensions.istio.io/wasmplugin/"
             "default.filter.update_rejected: 3"},
            {"extension_config_discovery.http_filter.<plugin>.config_fail: <count>",
             "extension_config_discovery.http_filter.default.filter.config_fail: 1"},
            {"extension_config_discovery.network_filter.<plugin>.update_rejected: <count>",
             "extension_config_discovery.network_filter.default.filter.update_rejected: 3"},
            {"extension_config_discovery<...>update_rejected{<...>} <count>",
             "envoy_extension_config_discovery_http_filter_default_filter_update_rejected{} 2"},
            {"extension_config_discovery<...>config_fail{<...>} <count>",
             "envoy_extension_config_discovery_http_filter_default_filter_config_fail{} 2"}},
       .cause =
           "this Envoy has refused a filter that was pushed to it, <count> times since it started",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain` finds why; the numbers do "
                 "not fall when a later push is taken",
       .source = "Envoy, source/common/filter/config_discovery_impl.h",
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded | kNotFetched},
      {.code = "W-313",
       .role = Role::consequence,
       .step = 6,
       .forms = {{".extension_config_missing: <count>",
                  "listener.0.0.0.0_8080.extension_config_missing: 4"},
                 {"extension_config_missing{<...>} <count>",
                  "envoy_listener_extension_config_missing{listener_address=\"0.0.0.0_8080\"} 4"}},
       .cause =
           "a listener waits for a filter that has not come, <count> connections have met that",
       .remedy = "`istioctl proxy-status`; `kubectl logs POD -c istio-proxy | wasmctl explain`",
       .effect = "requests get 500 until it comes",
       .source = "Envoy, source/common/listener_manager",
       .confidence = Confidence::likely,
       .follows = kNotDelivered | kNotFetched | kNotLoaded},
      {.code = "W-314",
       .forms = {{"RemoteDataSourceValidationError.Sha256: value length must be at least",
                  "Proto constraint validation failed (WasmValidationError.Config: embedded "
                  "message failed validation | caused by RemoteDataSourceValidationError.Sha256: "
                  "value length must be at least 1 characters)"}},
       .cause = "the filter's code is to be fetched (`code.remote`), and its configuration has no "
                "`sha256`, which Envoy wants",
       .remedy =
           "`sha256sum FILE.wasm` gives it; a WasmPlugin, or a file, needs none: `wasmctl render`",
       .source = "Envoy, the checks of its configuration's fields",
       .leads = kNotLoaded},
      {.code = "W-315",
       .role = Role::wrapper,
       .forms =
           {{"Proto constraint validation failed (WasmValidationError<why...>",
             "Proto constraint validation failed (WasmValidationError.Config: embedded message "
             "failed validation | caused by PluginConfigValidationError.Name: value is invalid)"}},
       .cause =
           "a field of the filter's configuration is missing, or has a value that Envoy refuses",
       .remedy = "the end of the line names it; `wasmctl check -f FILE` its line",
       .source = "Envoy, the checks of its configuration's fields",
       .leads = kNotLoaded},
      {.code = "W-316",
       .forms = {{"unknown service envoy.service.extension.v3.ExtensionConfigDiscoveryService",
                  "StreamExtensionConfigs gRPC config stream closed: 12, unknown service "
                  "envoy.service.extension.v3.ExtensionConfigDiscoveryService"}},
       .cause = "the listener asks a control plane for its filter by a service that it does not "
                "have: istiod, as most, serves filters over ADS alone",
       .remedy = "`config_discovery: {config_source: {ads: {}, resource_api_version: V3}}` in the "
                 "listener's filter",
       .effect = "the filter never comes: requests get 500, or the default filter is used",
       .source = "Envoy, source/extensions/config_subscription/grpc; gRPC's status 12",
       .leads = kNotDelivered},
      {.code = "W-320",
       .producer = Producer::agent,
       .role = Role::consequence,
       .step = 6,
       .forms = {{"sending NACK for ECDS resources <resources...>, err: <why...>",
                  "sending NACK for ECDS resources "
                  "[extensions.istio.io/wasmplugin/default.filter], err: EOF"},
                 {"sending NACK for ECDS resources <resources...>",
                  "sending NACK for ECDS resources [default.filter]"}},
       .cause = "the agent refused a push of plugins, since it could not get a module",
       .remedy = "`istioctl proxy-config log POD --level wasm:debug`, and `kubectl logs POD -c "
                 "istio-proxy | wasmctl explain`",
       .source = "istio, pkg/istio-agent/xds_proxy.go",
       .confidence = Confidence::likely,
       .leads = kNotFetched,
       .follows = kNotFetched},
      {.code = "W-321",
       .producer = Producer::agent,
       .context = "istiod",
       .role = Role::remark,
       .forms = {{"failed to connect to upstream <address>: <why...>",
                  "failed to connect to upstream istiod.istio-system.svc:15012: rpc error: code = "
                  "Unavailable"}},
       .cause = "the proxy could not reach istiod at <address>; while that lasts, no change of "
                "configuration arrives",
       .remedy = "`istioctl proxy-status`, `kubectl get pods -n istio-system`; look for a "
                 "NetworkPolicy between",
       .source = "istio, pkg/istio-agent/xds_proxy.go",
       .confidence = Confidence::possible},
      {.code = "W-322",
       .producer = Producer::agent,
       .role = Role::remark,
       .forms = {{"sendDownstream took <time>", "sendDownstream took 6.2s"}},
       .cause = "Envoy took <time> to take a push in, as it does while it compiles modules",
       .remedy = "`wasmctl inspect FILE` estimates the time that a module takes; a smaller one "
                 "loads faster",
       .versions = "Istio 1.24 and later",
       .source = "istio, pkg/istio-agent/xds_proxy.go"},
      {.code = "W-323",
       .producer = Producer::agent,
       .role = Role::consequence,
       .step = 6,
       .forms = {{"lds updates: <accepted> successful, <count> rejected",
                  "Envoy proxy is NOT ready: config received from XDS server, but was rejected: "
                  "cds updates: 1 successful, 0 rejected; lds updates: 0 successful, 1 rejected"}},
       .cause = "Envoy refuses a listener, and the pod is not ready for it: a filter that an "
                "EnvoyFilter put there may be the reason",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain`",
       .source = "istio, pilot/cmd/pilot-agent/status/ready/probe.go",
       .confidence = Confidence::possible,
       .leads = kNotLoaded,
       .follows = kNotLoaded},
      {.code = "W-324",
       .producer = Producer::agent,
       .role = Role::remark,
       .forms =
           {{"config not received from XDS server (is Istiod running?)",
             "Envoy proxy is NOT ready: config not received from XDS server (is Istiod running?): "
             "cds updates: 0 successful, 0 rejected; lds updates: 0 successful, 0 rejected"}},
       .cause = "the proxy waited for its first configuration, as each does at its start",
       .remedy = "`istioctl proxy-status`, `kubectl get pods -n istio-system`",
       .source = "istio, pilot/cmd/pilot-agent/status/ready/probe.go",
       .confidence = Confidence::possible,
       .follows = kNotDelivered},
      {.code = "W-325",
       .producer = Producer::agent,
       .forms = {{"Skipping forwarding type url <type> to Envoy as is not a valid Envoy type",
                  "Skipping forwarding type url type.googleapis.com/x to Envoy as is not a valid "
                  "Envoy type"}},
       .cause = "istiod sends a kind of configuration that this agent does not know: the versions "
                "are too far apart",
       .remedy = "`istioctl version`, and restart the workload to get the newer proxy: `kubectl "
                 "rollout restart`",
       .source = "istio, pkg/istio-agent/xds_proxy.go",
       .confidence = Confidence::likely,
       .leads = kNotDelivered},
  };
}

}  // namespace wasmctl::explain
