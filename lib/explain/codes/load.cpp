// Sources: proxy-wasm-cpp-host, src/wasm.cc, src/v8/v8.cc; Envoy, source/extensions/common/wasm.
// All of them were measured with Envoy 1.40 but for those that say otherwise.
#include "explain/codes/chapters.hpp"

namespace wasmctl::explain {

namespace {

constexpr std::string_view kWasmCc = "proxy-wasm-cpp-host, src/wasm.cc";
constexpr std::string_view kV8 = "proxy-wasm-cpp-host, src/v8/v8.cc";
constexpr std::string_view kEnvoyWasm = "Envoy, source/extensions/common/wasm";

}  // namespace

std::vector<Sight> load_sights() {
  return {
      {.code = "W-201",
       .forms = {{"Failed to parse corrupted Wasm module",
                  "Wasm VM failed Failed to parse corrupted Wasm module"}},
       .cause = "the file is not a whole Wasm module: cut short, gzip, base64, or an HTML page",
       .remedy = "`wasmctl inspect FILE` says what it is; in a ConfigMap a module belongs under "
                 "`binaryData`",
       .source = kWasmCc,
       .leads = kNotLoaded},
      {.code = "W-202",
       .forms = {{"Missing or unknown Proxy-Wasm ABI version",
                  "Wasm VM failed Missing or unknown Proxy-Wasm ABI version"},
                 {"WASM missing Proxy-Wasm ABI version",
                  "virtualInbound: WASM missing Proxy-Wasm ABI version or requires an unsupported "
                  "version."}},
       .cause = "the module exports no `proxy_abi_version_0_2_1` or its like: it was not made for "
                "Proxy-Wasm, or "
                "is a component, or lost its exports at linking",
       .remedy = "`wasmctl lint FILE` names what is missing; of Go build with -buildmode=c-shared, "
                 "of Rust a cdylib for wasm32-wasip1",
       .source = kWasmCc,
       .leads = kNotLoaded},
      {.code = "W-203",
       .forms = {{"Failed to load Wasm module due to a missing import: <import>",
                  "Failed to load Wasm module due to a missing import: env.proxy_bogus"},
                 {"unknown import: <import> has not been defined",
                  "Failed to create new Wasm instance: unknown import: `env::proxy_bogus` has not "
                  "been defined"},
                 {"\"<import>\" is not exported in module \"",
                  "Start failed to instantiate module, err: \"proxy_bogus\" is not exported in "
                  "module \"env\""},
                 {"failed importing <import>: missing host function",
                  "[wasm] failed importing \"env.proxy_bogus\": missing host function"}},
       .cause = "the module imports <import>, which this proxy does not offer",
       .remedy = "`wasmctl lint FILE` names the line of the source that needs it; a proxy that is "
                 "older than the SDK may lack it",
       .source = kV8,
       .leads = kNotLoaded},
      {.code = "W-204",
       .forms = {{"due to an import type mismatch: <import>, want: <want...>, but host exports: "
                  "<has...>",
                  "Failed to load Wasm module due to an import type mismatch: env.proxy_log, want: "
                  "i32 -> i32, but host exports: i32, i32, i32 -> i32"},
                 {"due to an import type mismatch for function <import>, want: <want...>, but host "
                  "exports: <has...>",
                  "Failed to load Wasm module due to an import type mismatch for function "
                  "env.proxy_log, want: i32 i32 -> i32, but host exports: i32 i32 i32 -> i32"}},
       .cause = "the module imports <import> with other parameters than the proxy has: (<want>) "
                "for (<has>)",
       .remedy = "build with an SDK for the proxy's ABI; `wasmctl lint FILE` says which call it is",
       .source = kV8,
       .leads = kNotLoaded},
      {.code = "W-205",
       .forms = {{"Bad function signature for: <export>, want: <want...>, but the module exports: "
                  "<has...>",
                  "Bad function signature for: proxy_on_request_headers, want: i32, i32, i32 -> "
                  "i32, but the module exports: i32, i32 -> i32"}},
       .cause = "the module exports <export> with other parameters than its ABI version says: "
                "(<has>) for (<want>)",
       .remedy = "build with an SDK of that version, or export the version that the code is "
                 "written for; `wasmctl lint FILE`",
       .source = kV8,
       .leads = kNotLoaded},
      {.code = "W-206",
       .forms = {{"Wasm module is missing malloc function",
                  "Wasm VM failed Wasm module is missing malloc function."},
                 {"Wasm missing malloc", "Wasm VM failed Wasm missing malloc"},
                 {"WASM missing malloc/free", "WASM missing malloc/free"}},
       .cause = "the module exports neither `malloc` nor `proxy_on_memory_allocate`, so that the "
                "proxy cannot hand it anything",
       .remedy = "`wasmctl lint FILE`; link with `--export=malloc`, which `wasmctl build` does",
       .source = kWasmCc,
       .leads = kNotLoaded},
      {.code = "W-207",
       .forms = {{"Wasm VM failed Failed to load Wasm bytecode",
                  "Wasm VM failed Failed to load Wasm bytecode"}},
       .cause = "V8 refuses the module: its code is invalid, or uses a proposal that this proxy "
                "does not have",
       .remedy =
           "`wasmctl lint FILE` says where it is invalid, `wasmctl inspect FILE` what it uses",
       .source = kV8,
       .leads = kNotLoaded},
      {.code = "W-208",
       .forms = {{"Uncaught Error: restricted_callback",
                  "Function: _initialize failed: Uncaught Error: restricted_callback"}},
       .cause = "the module calls the proxy before it may: in a static constructor or an `init()`",
       .remedy = "move the call into the root context's start; `wasmctl lint FILE` names the line",
       .source = kV8,
       .leads = kNotLoaded},
      {.code = "W-209",
       .forms = {{"wasm://wasm/<place>: Uncaught <reason...>",
                  "wasm://wasm/cb873326:257: Uncaught RuntimeError: unreachable"}},
       .cause = "the module's start function stopped: <reason>",
       .remedy = "`wasmctl inspect FILE --calls` and a test show what it runs at the start: "
                 "`wasmctl test FILE`",
       .source = "V8's own line, without a time",
       .confidence = Confidence::likely,
       .leads = kNotLoaded},
      {.code = "W-210",
       .role = Role::consequence,
       .step = 1,
       .forms = {{"Failed to create new Wasm instance", "Failed to create new Wasm instance"}},
       .cause = "V8 cannot make an instance of the module: it wants more memory than there is, its "
                "data lie outside of it, or its start function stopped",
       .remedy = "`wasmctl inspect FILE` shows its memory; `wasmctl lint FILE`",
       .source = kV8,
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded},
      {.code = "W-211",
       .role = Role::consequence,
       .step = 2,
       .forms = {{"Failed to initialize Wasm code",
                  "Wasm VM failed Failed to initialize Wasm code"}},
       .cause =
           "the module could not be started: it lacks a function, or its `_initialize` stopped",
       .remedy = "the line before this one says which: hand in the log from its beginning; "
                 "`wasmctl lint FILE`",
       .source = kWasmCc,
       .confidence = Confidence::possible,
       .leads = kNotLoaded,
       .follows = kNotLoaded},
      {.code = "W-212",
       .role = Role::consequence,
       .step = 2,
       .forms = {{"Failed to start base Wasm", "Wasm VM failed Failed to start base Wasm"},
                 {"Failed to start thread-local Wasm",
                  "Wasm VM failed Failed to start thread-local Wasm"}},
       .cause = "the plugin refused to start: its proxy_on_vm_start answered false",
       .remedy =
           "`wasmctl test FILE` runs its start; let the plugin log why before it returns false",
       .source = kWasmCc,
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded},
      {.code = "W-213",
       .role = Role::consequence,
       .step = 2,
       .forms = {{"Failed to configure base Wasm plugin",
                  "Wasm VM failed Failed to configure base Wasm plugin"},
                 {"Failed to configure thread-local Wasm plugin",
                  "Wasm VM failed Failed to configure thread-local Wasm plugin"},
                 {"Failed to configure WASM code",
                  "Error adding/updating listener(s) 0.0.0.0_8080: Failed to configure WASM code"}},
       .cause = "the plugin refuses its configuration: its proxy_on_configure answered false",
       .remedy = "compare `pluginConfig` with what the plugin reads: `wasmctl check -f PLUGIN.yaml "
                 "--module DIR`; as long as the configuration is the same, the proxy keeps the "
                 "refusal, even if what the plugin looked for is there now",
       .source = kWasmCc,
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded},
      {.code = "W-214",
       .role = Role::consequence,
       .step = 1,
       .forms = {{"Failed to load Wasm code", "Wasm VM failed Failed to load Wasm code"}},
       .cause = "the proxy could not read the module's code",
       .remedy = "the line before this one says why: hand in the log from its beginning; `wasmctl "
                 "lint FILE`",
       .source = kWasmCc,
       .confidence = Confidence::possible,
       .leads = kNotLoaded,
       .follows = kNotLoaded},
      {.code = "W-215",
       .role = Role::consequence,
       .step = 2,
       .forms = {{"Failed to clone Base Wasm", "Wasm VM failed Failed to clone Base Wasm"},
                 {"Failed to load Wasm module from base Wasm",
                  "Wasm VM failed Failed to load Wasm module from base Wasm"},
                 {"Failed to clone Wasm", "Wasm VM failed Failed to clone Wasm"}},
       .cause =
           "the main thread took the module, and a worker could not: mostly for want of memory",
       .remedy = "raise the memory limit of istio-proxy, or its number of workers down: "
                 "`proxy.istio.io/config: '{concurrency: 2}'`",
       .source = kWasmCc,
       .confidence = Confidence::possible,
       .leads = kNotLoaded,
       .follows = kNotLoaded},
      {.code = "W-216",
       .role = Role::consequence,
       .step = 3,
       .forms = {{"Plugin  failed to load", "Plugin  failed to load"},
                 {"Plugin <plugin> failed to load", "Plugin default.filter failed to load"}},
       .cause = "<plugin> failed to load, and no line here says why: an empty file, a filter "
                "without vm_config, or a fetch that brought nothing",
       .remedy = "look at the lines before it; if there are none: `kubectl exec POD -c istio-proxy "
                 "-- ls -l PATH`, the file may have 0 bytes",
       .source = "Envoy, source/extensions/common/wasm/wasm.cc",
       .confidence = Confidence::possible,
       .leads = kNotLoaded,
       .follows = kNotLoaded},
      {.code = "W-217",
       .role = Role::consequence,
       .step = 4,
       .forms = {{"Plugin configured to fail closed failed to load",
                  "Plugin configured to fail closed failed to load"},
                 {"Plugin configured to fail closed",
                  "Plugin configured to fail closed failed to load"}},
       .cause = "a plugin failed to load, and no line here says which nor why",
       .remedy = "look at the lines before it: `kubectl logs POD -c istio-proxy | wasmctl explain` "
                 "(Envoy prints this one under FAIL_OPEN, too)",
       .source = "Envoy, source/extensions/common/wasm/wasm.cc",
       .confidence = Confidence::possible,
       .leads = kNotLoaded,
       .follows = kNotLoaded},
      {.code = "W-218",
       .forms = {{"Failed to create Wasm VM using <runtime> runtime",
                  "Failed to create Wasm VM using envoy.wasm.runtime.wamr runtime. Envoy was "
                  "compiled without support for it"},
                 {"Failed to create Wasm VM with unspecified runtime",
                  "Failed to create Wasm VM with unspecified runtime"}},
       .cause = "this Envoy has not the Wasm runtime that the configuration names",
       .remedy = "`runtime: envoy.wasm.runtime.v8` is the one that released Envoys have; `wasmctl "
                 "check -f FILE`",
       .source = kEnvoyWasm,
       .leads = kNotLoaded},
      {.code = "W-219",
       .forms =
           {{"Key <key> is duplicated in envoy.extensions.wasm.v3.VmConfig.environment_variables",
             "Key A is duplicated in envoy.extensions.wasm.v3.VmConfig.environment_variables for "
             "default.filter. All the keys must be unique."},
            {"EnvironmentVariables.key_values must not be set for NullVm",
             "envoy.extensions.wasm.v3.VmConfig.EnvironmentVariables.key_values must not be set "
             "for NullVm."}},
       .cause = "the plugin's environment is one that Envoy refuses: a name twice, or variables "
                "for a VM without any",
       .remedy = "`wasmctl check -f PLUGIN.yaml` names the variable under `vmConfig.env`",
       .source = kEnvoyWasm,
       .leads = kNotLoaded},
      {.code = "W-220",
       .forms = {{"only one of fail_open or failure_policy can be set",
                  "only one of fail_open or failure_policy can be set"},
                 {"unknown failure policy", "unknown failure policy"}},
       .cause = "the configuration says twice what happens when the plugin fails: `fail_open` and "
                "`failure_policy`",
       .remedy = "take `fail_open` out of the EnvoyFilter: `wasmctl check -f FILE`",
       .source = kEnvoyWasm,
       .leads = kNotLoaded},
      {.code = "W-221",
       .role = Role::consequence,
       .step = 5,
       .forms = {{"Unable to create Wasm plugin <plugin>",
                  "Unable to create Wasm plugin default.filter"},
                 {"Unable to create Wasm HTTP filter <plugin>",
                  "Unable to create Wasm HTTP filter default.filter"},
                 {"Unable to create Wasm HTTP filter",
                  "error initializing configuration '/etc/envoy.yaml': Unable to create Wasm HTTP "
                  "filter "},
                 {"Unable to create Wasm network filter",
                  "Error adding listener: Unable to create Wasm network filter "},
                 {"Unable to create Wasm network filter <plugin>",
                  "Unable to create Wasm network filter default.filter"},
                 {"Unable to create Wasm service <plugin>",
                  "Unable to create Wasm service default.filter"},
                 {"Unable to create Wasm access log <plugin>",
                  "error initializing configuration '/etc/envoy.yaml': Unable to create Wasm "
                  "access log default.filter"},
                 {"Unable to create Wasm Stat Sink <plugin>",
                  "Unable to create Wasm Stat Sink default.filter"}},
       .cause = "Envoy refuses <plugin>, and says why in an earlier line of its own log",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain`, from the proxy's start on",
       .source = kEnvoyWasm,
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded | kNotFetched},
      {.code = "W-222",
       .forms = {{"error initializing configuration <...>: Invalid path: <path>",
                  "error initializing configuration '/etc/envoy.yaml': Invalid path: "
                  "/etc/filter/plugin.wasm"},
                 {"rejected: <...>Invalid path: <path>",
                  "lds: listener 'in' config rejected: Invalid path: /etc/filter/plugin.wasm"},
                 {"rejected: Invalid path: <path>",
                  "lds: listener 'in' config rejected: Invalid path: /etc/filter/plugin.wasm"},
                 {"Error adding/updating listener(s) <...>: Invalid path: <path>",
                  "Error adding/updating listener(s) virtualInbound: Invalid path: "
                  "/etc/filter/plugin.wasm"},
                 {"Invalid path: <path>", "Invalid path: /etc/wasm/filter/plugin.wasm", "wasm"},
                 {"unable to read file: <path>",
                  "unable to read file: /etc/wasm/filter/plugin.wasm", "wasm"}},
       .cause = "there is no file <path> in the proxy's container, or it may not be read",
       .remedy = "`wasmctl patch` or `wasmctl render --via configmap --workload KIND/NAME` mount "
                 "it into istio-proxy (not the application's container); `kubectl exec POD -c "
                 "istio-proxy -- ls -l PATH` looks",
       .source = "Envoy, source/common/config/datasource.cc",
       .leads = kNotLoaded,
       .follows = kNotMounted},
      {.code = "W-223",
       .role = Role::remark,
       .forms = {{"Wasm remote code fetch is unstable and may cause a crash",
                  "Wasm remote code fetch is unstable and may cause a crash"}},
       .cause = "Envoy fetches the module itself (`code.remote`), of which it always warns",
       .remedy =
           "a WasmPlugin lets Istio's agent fetch, a file needs no fetch at all: `wasmctl render`",
       .source = kEnvoyWasm},
      {.code = "W-224",
       .role = Role::consequence,
       .step = 1,
       .forms = {{"Retry limit exceeded for fetching data from remote data source",
                  "Retry limit exceeded for fetching data from remote data source."}},
       .cause = "Envoy could not fetch the module by itself (`code.remote`), and never tries again",
       .remedy = "`retry_policy.num_retries` under `remote` raises the limit; why it failed shows "
                 "with `curl -X POST 'localhost:15000/logging?config=debug'`; a file needs no "
                 "fetch: `wasmctl render --via configmap`",
       .source = "Envoy, source/common/config/remote_data_fetcher.cc",
       .confidence = Confidence::certain,
       .leads = kNoRemote | kNotLoaded,
       .follows = kNoRemote},
      {.code = "W-225",
       .forms = {{"fetch remote data [uri = <url>]: no cluster <cluster>",
                  "fetch remote data [uri = https://files.local/f.wasm]: no cluster files"}},
       .cause =
           "the module is to be fetched through the cluster <cluster>, which Envoy does not have",
       .remedy = "name an existing one under `remote.http_uri.cluster`: `istioctl proxy-config "
                 "clusters POD`",
       .source = "Envoy, source/common/config/remote_data_fetcher.cc",
       .leads = kNoRemote | kNotLoaded},
      {.code = "W-226",
       .forms = {{"fetch remote data [uri = <url>]: response status code <status>",
                  "fetch remote data [uri = https://files.local/f.wasm]: response status code 404"},
                 {"fetch remote data [uri = <url>]: <why...>",
                  "fetch remote data [uri = https://files.local/f.wasm]: network error"}},
       .cause = "Envoy could not fetch the module from <url>",
       .remedy = "`kubectl exec POD -c istio-proxy -- curl -sI URL` asks from there; of `data is "
                 "invalid` compare sha256 with the file's: `sha256sum FILE`",
       .source = "Envoy, source/common/config/remote_data_fetcher.cc",
       .leads = kNoRemote | kNotLoaded},
      {.code = "W-227",
       .role = Role::consequence,
       .step = 1,
       .forms = {{"createWasm: failed to load (cached) from <url>",
                  "createWasm: failed to load (cached) from https://files.local/f.wasm"},
                 {"Failed to load Wasm code (fetch failed) from <url>",
                  "Failed to load Wasm code (fetch failed) from https://files.local/f.wasm"},
                 {"Failed to load Wasm code (fetching) from <url>",
                  "Failed to load Wasm code (fetching) from https://files.local/f.wasm"}},
       .cause = "Envoy's own fetch of <url> has failed or is not done, and for 10 seconds it does "
                "not ask again",
       .remedy = "`kubectl exec POD -c istio-proxy -- curl -sI URL` asks from there; a file needs "
                 "no fetch: `wasmctl render --via configmap`",
       .source = kEnvoyWasm,
       .confidence = Confidence::likely,
       .leads = kNoRemote | kNotLoaded,
       .follows = kNoRemote},
      {.code = "W-228",
       .role = Role::consequence,
       .step = 1,
       .forms = {{"wasm.remote_load_fetch_failures: <count>", "wasm.remote_load_fetch_failures: 2"},
                 {"wasm.remote_load_cache_negative_hits: <count>",
                  "wasm.remote_load_cache_negative_hits: 4"},
                 {"wasm_remote_load_fetch_failures{<...>} <count>",
                  "envoy_wasm_remote_load_fetch_failures{} 2"}},
       .cause = "Envoy's own fetch of a module has failed, <count> times since it started",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain`; a file needs no fetch: "
                 "`wasmctl render --via configmap`",
       .source = kEnvoyWasm,
       .confidence = Confidence::likely,
       .leads = kNoRemote | kNotLoaded,
       .follows = kNoRemote},
      {.code = "W-229",
       .forms = {{"Failed to load NullVM plugin", "Wasm VM failed Failed to load NullVM plugin"}},
       .cause = "the configuration asks for a filter that was once compiled into Istio's proxy "
                "(runtime envoy.wasm.runtime.null), and this proxy does not have it",
       .remedy =
           "delete the EnvoyFilters of the older Istio (stats-filter, metadata-exchange, "
           "attribute-gen): `kubectl get envoyfilter -A`; Telemetry resources take their place",
       .source = kWasmCc,
       .leads = kNotLoaded},
      {.code = "W-230",
       .role = Role::consequence,
       .step = 1,
       .forms = {{"createWasm: failed to load (in progress) from <url>",
                  "createWasm: failed to load (in progress) from https://files.local/f.wasm"}},
       .cause =
           "Envoy made the filter while its own fetch of <url> was still going on, and says so "
           "of each: for a second that is normal, but not if requests are answered 503 later",
       .remedy =
           "send a request now; if it does not pass, the fetch has failed: `kubectl exec POD "
           "-c istio-proxy -- curl -sI URL` asks from there, `curl -s localhost:15000/stats | "
           "grep remote_load` counts it; a file needs no fetch: `wasmctl render --via "
           "configmap`",
       .source = kEnvoyWasm,
       .confidence = Confidence::possible,
       .leads = kNoRemote | kNotLoaded,
       .follows = kNoRemote},
      {.code = "W-231",
       .forms = {{"Custom Section \"signature\" not found",
                  "Wasm VM failed Custom Section \"signature\" not found"},
                 {"Custom Section \"signature\" not at the end of Wasm module",
                  "Wasm VM failed Custom Section \"signature\" not at the end of Wasm module"},
                 {"Signature has a wrong size (want: 68",
                  "Wasm VM failed Signature has a wrong size (want: 68, is: 100)"},
                 {"Signature has a wrong alg_id (want: 2",
                  "Wasm VM failed Signature has a wrong alg_id (want: 2, is: 1)"},
                 {"Wasm VM failed Signature mismatch", "Wasm VM failed Signature mismatch"}},
       .cause = "this Envoy was built to take modules that are signed with one key alone, and the "
                "module carries no signature of that key",
       .remedy =
           "sign the file with that key, by wasmsign2, after everything else has been done to "
           "it; released Envoys, and Istio's, ask for no signature in the module",
       .source = "proxy-wasm-cpp-host, src/signature_util.cc",
       .leads = kNotLoaded},
      {.code = "W-232",
       .forms = {{"incompatible import type for <import>",
                  "Failed to create new Wasm instance: incompatible import type for "
                  "`env::proxy_log`"},
                 {"due to a type mismatch in an import: <import>",
                  "Failed to load WASM module due to a type mismatch in an import: env.proxy_log "
                  "func (i32,i32,i32)->i32 but was expecting type: func (i32,i32)->i32"}},
       .cause = "the module imports <import> with other parameters than the proxy has",
       .remedy = "build with an SDK for the proxy's ABI; `wasmctl lint FILE` says which call it is",
       .source = "Wasmtime, in builds of Envoy with it, Kong and APISIX; proxy-wasm-cpp-host, "
                 "src/wavm/wavm.cc",
       .leads = kNotLoaded},
  };
}

}  // namespace wasmctl::explain
