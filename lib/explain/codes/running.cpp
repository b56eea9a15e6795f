// Sources: proxy-wasm-cpp-host, src/v8/v8.cc and src/exports.cc; Envoy,
// source/extensions/common/wasm. Measured with Envoy 1.40.
#include "explain/codes/chapters.hpp"

namespace wasmctl::explain {

namespace {

constexpr std::string_view kTrap = "proxy-wasm-cpp-host, src/v8/v8.cc, getFailMessage()";
constexpr std::string_view kDeadEffect =
    "the request that was being handled gets 503; with FAIL_CLOSE so do all later ones of that "
    "worker, with FAIL_OPEN they pass, with FAIL_RELOAD a new VM is made";
constexpr std::string_view kReproduce =
    "`wasmctl explain LOG --module DIR` names the line of the source; `wasmctl test DIR` with a "
    "test "
    "that sends the same request reproduces it";

}  // namespace

std::vector<Sight> running_sights() {
  return {
      {.code = "W-401",
       .forms = {{"Function: <function> failed: Uncaught RuntimeError: unreachable",
                  "Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable"},
                 {"Function: <function> failed: Exception: unreachable",
                  "Function: proxy_on_request_headers failed: Exception: unreachable"},
                 {"Function: <function> failed: wasm trap: wasm `unreachable` instruction executed",
                  "Function: proxy_on_request_headers failed: wasm trap: wasm `unreachable` "
                  "instruction executed"},
                 {"Function: <function> failed: wavm.reachedUnreachable",
                  "Function: proxy_on_request_headers failed: wavm.reachedUnreachable"}},
       .cause = "the plugin stopped itself in <function>: an abort, a failed assertion, a panic of "
                "Rust or Go",
       .remedy = kReproduce,
       .effect = kDeadEffect,
       .source = kTrap,
       .leads = kDead | kNotLoaded},
      {.code = "W-402",
       .forms =
           {{"Function: <function> failed: Uncaught RuntimeError: memory access out of bounds",
             "Function: proxy_on_request_headers failed: Uncaught RuntimeError: memory access "
             "out of bounds"},
            {"Function: <function> failed: Exception: out of bounds memory access",
             "Function: proxy_on_response_headers failed: Exception: out of bounds memory access"},
            {"Function: <function> failed: wavm.outOfBoundsMemoryAccess",
             "Function: proxy_on_context_create failed: wavm.outOfBoundsMemoryAccess"},
            {"Function: <function> failed: wasm trap: out of bounds memory access",
             "Function: proxy_on_request_headers failed: wasm trap: out of bounds memory access"}},
       .cause = "the plugin read or wrote outside of its memory in <function>: a wild pointer, or "
                "a stack that is used up",
       .remedy = kReproduce,
       .effect = kDeadEffect,
       .source = kTrap,
       .leads = kDead | kNotLoaded},
      {.code = "W-403",
       .forms =
           {{"Function: <function> failed: Uncaught RuntimeError: divide by zero",
             "Function: proxy_on_request_headers failed: Uncaught RuntimeError: divide by zero"},
            {"Function: <function> failed: Uncaught RuntimeError: remainder by zero",
             "Function: proxy_on_request_headers failed: Uncaught RuntimeError: remainder by "
             "zero"},
            {"Function: <function> failed: Exception: integer divide by zero",
             "Function: proxy_on_request_headers failed: Exception: integer divide by zero"},
            {"Function: <function> failed: wasm trap: integer divide by zero",
             "Function: proxy_on_request_headers failed: wasm trap: integer divide by zero"}},
       .cause = "the plugin divided by zero in <function>",
       .remedy = kReproduce,
       .effect = kDeadEffect,
       .source = kTrap,
       .leads = kDead | kNotLoaded},
      {.code = "W-404",
       .forms =
           {{"Function: <function> failed: Uncaught RuntimeError: function signature mismatch",
             "Function: proxy_on_request_headers failed: Uncaught RuntimeError: function signature "
             "mismatch"},
            {"Function: <function> failed: Uncaught RuntimeError: null function or function "
             "signature mismatch",
             "Function: proxy_on_request_headers failed: Uncaught RuntimeError: null function or "
             "function signature mismatch"},
            {"Function: <function> failed: Uncaught RuntimeError: table index is out of bounds",
             "Function: proxy_on_request_headers failed: Uncaught RuntimeError: table index is out "
             "of bounds"},
            {"Function: <function> failed: Uncaught RuntimeError: indirect call to null",
             "Function: proxy_on_request_headers failed: Uncaught RuntimeError: indirect call to "
             "null"},
            {"Function: <function> failed: Exception: indirect call type mismatch",
             "Function: proxy_on_request_headers failed: Exception: indirect call type mismatch"},
            {"Function: <function> failed: Exception: uninitialized element",
             "Function: proxy_on_request_headers failed: Exception: uninitialized element"},
            {"Function: <function> failed: Exception: undefined element",
             "Function: proxy_on_request_headers failed: Exception: undefined element"},
            {"Function: <function> failed: wasm trap: indirect call type mismatch",
             "Function: proxy_on_request_headers failed: wasm trap: indirect call type mismatch"},
            {"Function: <function> failed: wasm trap: uninitialized element",
             "Function: proxy_on_request_headers failed: wasm trap: uninitialized element"},
            {"Function: <function> failed: wasm trap: undefined element",
             "Function: proxy_on_request_headers failed: wasm trap: undefined element: out of "
             "bounds table access"}},
       .cause = "the plugin called through a null pointer, or one to a function of another type, "
                "in <function>",
       .remedy = kReproduce,
       .effect = kDeadEffect,
       .source = kTrap,
       .leads = kDead | kNotLoaded},
      {.code = "W-405",
       .forms =
           {{"Function: <function> failed: Uncaught RuntimeError: float unrepresentable in "
             "integer range",
             "Function: proxy_on_request_headers failed: Uncaught RuntimeError: float "
             "unrepresentable in integer range"},
            {"Function: <function> failed: Exception: invalid conversion to integer",
             "Function: proxy_on_request_headers failed: Exception: invalid conversion to integer"},
            {"Function: <function> failed: wasm trap: invalid conversion to integer",
             "Function: proxy_on_request_headers failed: wasm trap: invalid conversion to "
             "integer"}},
       .cause = "the plugin made an integer of a number too large for it, or of NaN, in <function>",
       .remedy = kReproduce,
       .effect = kDeadEffect,
       .source = kTrap,
       .leads = kDead | kNotLoaded},
      {.code = "W-406",
       .forms =
           {{"Function: <function> failed: Uncaught RangeError: Maximum call stack size exceeded",
             "Function: proxy_on_request_headers failed: Uncaught RangeError: Maximum call stack "
             "size exceeded"},
            {"Function: <function> failed: Exception: wasm operand stack overflow",
             "Function: proxy_on_request_headers failed: Exception: wasm operand stack overflow"},
            {"Function: <function> failed: Exception: native stack overflow",
             "Function: proxy_on_request_headers failed: Exception: native stack overflow"},
            {"Function: <function> failed: wasm trap: call stack exhausted",
             "Function: proxy_on_request_headers failed: wasm trap: call stack exhausted"},
            {"Function: <function> failed: wavm.stackOverflow",
             "Function: proxy_on_request_headers failed: wavm.stackOverflow"}},
       .cause = "the plugin called itself without end in <function>",
       .remedy = kReproduce,
       .effect = kDeadEffect,
       .source = kTrap,
       .leads = kDead | kNotLoaded},
      {.code = "W-407",
       .forms =
           {{"Function: <function> failed: Uncaught #",
             "Function: proxy_on_request_headers failed: Uncaught #<Exception>"},
            {"Function: <function> failed: Uncaught [object WebAssembly.Exception]",
             "Function: proxy_on_request_headers failed: Uncaught [object WebAssembly.Exception]"}},
       .cause = "the plugin threw a C++ exception in <function> that nobody caught; its type and "
                "place are lost",
       .remedy = "catch it in the callback and log what() it says; `wasmctl test DIR` shows where "
                 "it is thrown",
       .effect = kDeadEffect,
       .source = kTrap,
       .leads = kDead | kNotLoaded},
      {.code = "W-408",
       .role = Role::wrapper,
       // What each engine begins its messages with: "failed to call function: assertion failed:"
       // is nginx speaking of its own.
       .forms = {{"Function: <function> failed: Uncaught <why...>",
                  "Function: proxy_on_tick failed: Uncaught RuntimeError: unknown"},
                 {"Function: <function> failed: Exception: <why...>",
                  "Function: proxy_on_tick failed: Exception: allocate memory failed"},
                 {"Function: <function> failed: wavm.<why...>",
                  "Function: proxy_on_tick failed: wavm.misalignedAtomicMemoryAccess"}},
       .cause = "the plugin stopped in <function>: <why>",
       .remedy = kReproduce,
       .effect = kDeadEffect,
       .source = kTrap,
       .leads = kDead | kNotLoaded},
      {.code = "W-409",
       .forms = {{"Attempted call to restricted proxy-wasm capability: <call>",
                  "Attempted call to restricted proxy-wasm capability: proxy_http_call"},
                 {"Attempted call to restricted WASI capability: <call>",
                  "Attempted call to restricted WASI capability: path_open"}},
       .cause = "the plugin called <call>, which `capability_restriction_config` does not allow "
                "it; the call did nothing",
       .remedy = "add <call> under `allowed_capabilities`, or take the call out: `wasmctl inspect "
                 "FILE --why CALL`",
       .source = "proxy-wasm-cpp-host, include/proxy-wasm/exports.h"},
      {.code = "W-410",
       .producer = Producer::access_log,
       .role = Role::consequence,
       .step = 7,
       .forms =
           {{"wasm_fail_stream",
             "[2026-11-26T16:15:53.129Z] \"GET / HTTP/1.1\" 503 - wasm_fail_stream - \"-\" 0 0 0 - "
             "\"-\" \"curl/8.5.0\" \"aa\" \"web\" \"-\" - - 10.0.0.1:8080 10.0.0.9:51234 - -"}},
       .cause = "requests are answered 503 since the plugin has no VM that lives: it stopped "
                "earlier or in this very request, or Envoy could not load or fetch its module",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain`, from the proxy's start on: "
                 "an earlier line, mostly `Function: ... failed`, has the reason",
       .effect = kDeadEffect,
       .source = "Envoy, source/extensions/common/wasm/context.cc",
       .leads = kDead,
       .follows = kDead | kNotLoaded | kNoRemote},
      {.code = "W-411",
       .producer = Producer::access_log,
       .role = Role::remark,
       .forms = {{"rbac_access_denied_matched_policy[none]",
                  "[2026-11-26T16:15:53.129Z] \"GET / HTTP/1.1\" 403 - "
                  "rbac_access_denied_matched_policy[none] - \"-\" 0 19 0 - \"-\" \"curl/8.5.0\" "
                  "\"aa\" \"web\" \"-\" - - 10.0.0.1:8080 10.0.0.9:51234 - -"}},
       .cause = "requests are denied by a rule without a name: that is how the filter looks that "
                "Istio's agent puts in the place of a plugin whose module it could not get, or an "
                "AuthorizationPolicy that allows nobody",
       .remedy = "`istioctl proxy-config ecds POD -o json | wasmctl explain` tells which; `kubectl "
                 "get authorizationpolicy -A`",
       .source = "Envoy, source/extensions/filters/http/rbac",
       .confidence = Confidence::possible,
       .leads = kNotFetched,
       .follows = kNotFetched},
      {.code = "W-412",
       .producer = Producer::admin,
       .role = Role::consequence,
       .step = 7,
       .forms = {{".rbac.wasm-default-deny.denied: <count>",
                  "http.inbound_0.0.0.0_8080.rbac.wasm-default-deny.denied: 12"},
                 {"envoy_http_rbac_denied{<...>\"wasm-default-deny\"<...>} <count>",
                  "envoy_http_rbac_denied{envoy_rbac_http_prefix=\"wasm-default-deny\",envoy_http_"
                  "conn_manager_prefix=\"http\"} 12"}},
       .cause = "Istio's agent could not get a plugin's module, and the filter in its place has "
                "denied <count> requests",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain` finds why",
       .effect = "every request that the plugin's proxies get is answered 403",
       .versions = "Istio 1.28 and later; 1.25 to 1.27 for network filters",
       .source = "istio, pkg/wasm/convert.go",
       .leads = kNotFetched,
       .follows = kNotFetched},
      {.code = "W-413",
       .producer = Producer::access_log,
       .role = Role::remark,
       .forms = {{" 0 DC downstream_remote_disconnect",
                  "[2026-11-26T16:15:53.129Z] \"GET /slow HTTP/1.1\" 0 DC "
                  "downstream_remote_disconnect - \"-\" 0 0 15000 - \"-\" \"curl/8.5.0\" \"aa\" "
                  "\"web\" \"-\" - - 10.0.0.1:8080 10.0.0.9:51234 - -"}},
       .cause = "clients left before they had an answer; a plugin that returned StopIteration and "
                "never resumed looks like this",
       .remedy = "see to it that each answer of a call, a failed one too, ends in "
                 "`continueRequest` or a response: `wasmctl test DIR`",
       .source = "Envoy, source/common/http/conn_manager_impl.cc",
       .confidence = Confidence::possible},
      {.code = "W-414",
       .producer = Producer::admin,
       .role = Role::consequence,
       .step = 7,
       .forms = {{".vm_reload_failure: <count>", "wasm.default.filter.vm_reload_failure: 2"},
                 {".vm_reload_backoff: <count>", "wasm.default.filter.vm_reload_backoff: 2"},
                 {"_vm_reload_failure{<...>} <count>",
                  "envoy_wasm_default_filter_vm_reload_failure{} 2"},
                 {"_vm_reload_success{<...>} <count>",
                  "envoy_wasm_default_filter_vm_reload_success{} 2"},
                 {".vm_reload_success: <count>", "wasm.default.filter.vm_reload_success: 2"}},
       .cause = "the plugin's VM has died and was made anew (FAIL_RELOAD), <count> times since the "
                "proxy started",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain`: the line `Function: ... "
                 "failed` has the reason",
       .source = "Envoy, source/extensions/common/wasm",
       .leads = kDead,
       .follows = kDead},
      {.code = "W-415",
       .forms = {{"Function: malloc failed: Uncaught RuntimeError: unreachable",
                  "Function: malloc failed: Uncaught RuntimeError: unreachable"},
                 {"Function: proxy_on_memory_allocate failed: Uncaught RuntimeError: unreachable",
                  "Function: proxy_on_memory_allocate failed: Uncaught RuntimeError: unreachable"}},
       .cause = "the plugin has no memory left for what the proxy hands it",
       .remedy = "let it hold less: bodies piece by piece, no state that grows with each request; "
                 "`wasmctl test DIR` shows the memory of a test; of TinyGo another garbage "
                 "collector, of C++ a larger maximum",
       .effect = kDeadEffect,
       .source = kTrap,
       .confidence = Confidence::likely,
       .leads = kDead | kNotLoaded},
      {.code = "W-416",
       .role = Role::consequence,
       .step = 7,
       .forms = {{"Caught Segmentation fault, suspect faulting address",
                  "Caught Segmentation fault, suspect faulting address 0x0"},
                 {"Caught Aborted, suspect faulting address",
                  "Caught Aborted, suspect faulting address 0x53900000001"},
                 {"std::terminate called!",
                  "std::terminate called! (possible uncaught exception, see trace)"}},
       .cause = "Envoy itself crashed, which a plugin should not be able to make it do; its "
                "back-trace, in C++, says where",
       .remedy = "look at the lines before it for the plugin's last ones; run the plugin by itself "
                 "with the same requests, `wasmctl test DIR`; of a plugin without a memory "
                 "`wasmctl lint FILE` tells",
       .source = "Envoy, source/server/backtrace.h",
       .confidence = Confidence::possible,
       .leads = kDead,
       .follows = kDead | kNotLoaded},
      {.code = "W-417",
       .producer = Producer::access_log,
       .role = Role::consequence,
       .step = 7,
       .forms =
           {{" 500 NFCF ",
             "[2026-11-26T16:15:53.129Z] \"GET / HTTP/1.1\" 500 NFCF  - \"-\" 0 0 0 - \"-\" "
             "\"curl/8.5.0\" \"aa\" \"web\" \"-\" - - 10.0.0.1:8080 10.0.0.9:51234 - -"},
            {"NoFilterConfigFound",
             "[2026-11-26T16:15:53.129Z] \"GET / HTTP/1.1\" 500 NoFilterConfigFound - - \"-\""}},
       .cause = "requests are answered 500 since the listener waits for a filter that has not come "
                "yet, or was refused",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain` finds why; right after a "
                 "change it ends by itself, when the module is there",
       .effect = "requests get 500 until the filter comes",
       .source = "Envoy, source/common/filter/config_discovery_impl.h",
       .leads = kNowhere,
       .follows = kNotDelivered | kNotFetched | kNotLoaded},
      {.code = "W-420",
       .producer = Producer::higress,
       .role = Role::consequence,
       .step = 7,
       .forms = {{"wasm vm recover from crash success", "wasm vm recover from crash success"},
                 {"wasm vm rebuild success", "wasm vm rebuild success"},
                 {"wasm vm rebuild skipped: recover interval has not been reached",
                  "wasm vm rebuild skipped: recover interval has not been reached"},
                 {"wasm vm rebuild skipped: recovery cooldown has",
                  "wasm vm rebuild skipped: recovery cooldown has 400ms remaining"}},
       .cause = "Higress made a plugin's VM anew, after a crash or for its memory",
       .remedy = "`wasmctl explain` of the log from its beginning finds the crash; without one it "
                 "was memory: `wasmctl test DIR` shows what a request leaves behind",
       .source = "Higress' Envoy",
       .confidence = Confidence::likely,
       .leads = kDead,
       .follows = kDead},
      {.code = "W-421",
       .role = Role::wrapper,
       .forms = {{"wasm trap: <why...>",
                  "failed to call function: wasm trap: wasm `unreachable` instruction executed"}},
       .cause = "the plugin stopped: <why>",
       .remedy = kReproduce,
       .source = "Wasmtime, in builds of Envoy with it, Kong and APISIX",
       .leads = kDead | kNotLoaded},
      {.code = "W-422",
       .producer = Producer::higress,
       .role = Role::consequence,
       .step = 3,
       .forms = {{"wasm worker initialization failed: plugin='<plugin>' reason='<why>'",
                  "wasm worker initialization failed: plugin='default.filter' "
                  "reason='RuntimeError' retryable=true fail_open=false"},
                 {"wasm worker initialization retry became terminal: plugin='<plugin>' "
                  "reason='<why>'",
                  "wasm worker initialization retry became terminal: plugin='default.filter' "
                  "reason='ConfigureFailed' attempt=2 fail_open=false"}},
       .cause = "a worker of Higress could not start <plugin> (<why>); the main thread could",
       .remedy =
           "an earlier line of the same thread says why: hand in the log from its beginning; "
           "where none does, it is mostly memory: `wasmctl inspect FILE` shows what a VM takes",
       .effect = "that worker's requests get 503, with FAIL_OPEN they pass without the plugin",
       .source = "Higress' Envoy, source/extensions/common/wasm/wasm.cc",
       .confidence = Confidence::likely,
       .leads = kNotLoaded,
       .follows = kNotLoaded | kDead},
      {.code = "W-423",
       .producer = Producer::higress,
       .role = Role::consequence,
       .step = 7,
       .forms = {{"wasm vm recover execution failed", "wasm vm recover execution failed"},
                 {"wasm vm rebuild execution failed", "wasm vm rebuild execution failed"}},
       .cause = "Higress could not make a plugin's VM anew, after a crash or for its memory",
       .remedy = "`wasmctl explain` of the log from its beginning finds why it crashed, and an "
                 "earlier line why the new one does not start",
       .effect = kDeadEffect,
       .source = "Higress' Envoy, source/extensions/common/wasm/wasm.cc",
       .confidence = Confidence::likely,
       .leads = kDead,
       .follows = kDead | kNotLoaded},
      {.code = "W-424",
       .forms = {{"unimplemented proxy-wasm API", "unimplemented proxy-wasm API"}},
       .cause = "the plugin called a function of Proxy-Wasm that this proxy does not have, or not "
                "yet at that moment: in `_start`, before there is a context",
       .remedy = "call the proxy from the root context's start at the earliest; `wasmctl lint "
                 "FILE` names the line, and what the proxy lacks",
       .source = "proxy-wasm-cpp-host, include/proxy-wasm/context.h",
       .confidence = Confidence::likely,
       .leads = kDead | kNotLoaded},
  };
}

std::vector<Sight> health_sights() {
  return {
      {.code = "W-901",
       .role = Role::sign,
       .forms = {{"wasm log <plugin>: <said...>",
                  "wasm log default.filter: User-Agent: curl/8.5.0"},
                 {"wasm log <plugin> <...>: <said...>",
                  "wasm log default.filter root vm: User-Agent: curl/8.5.0"},
                 {"wasm log: <said...>", "wasm log: User-Agent: curl/8.5.0"}},
       .cause = "<plugin> runs: this is a line of its own",
       .remedy = "nothing",
       .source = "Envoy, source/extensions/common/wasm/context.cc"},
      {.code = "W-902",
       .producer = Producer::admin,
       .role = Role::sign,
       .forms =
           {{"filter <plugin> is envoy.extensions.filters.http.wasm.v3.Wasm",
             "filter default.filter is envoy.extensions.filters.http.wasm.v3.Wasm"},
            {"filter <plugin> is envoy.extensions.filters.network.wasm.v3.Wasm",
             "filter default.filter is envoy.extensions.filters.network.wasm.v3.Wasm"},
            {"istio.io/wasmplugin/<plugin>     <...>envoy.extensions.filters.http.wasm.v3.Wasm",
             "extensions.istio.io/wasmplugin/default.filter     "
             "envoy.extensions.filters.http.wasm.v3.Wasm"},
            {"istio.io/wasmplugin/<plugin>     "
             "<...>envoy.extensions.filters.network.wasm.v3.Wasm",
             "extensions.istio.io/wasmplugin/default.filter     "
             "envoy.extensions.filters.network.wasm.v3.Wasm"},
            {"istio.io/trafficextension/<plugin>     "
             "<...>envoy.extensions.filters.http.wasm.v3.Wasm",
             "extensions.istio.io/trafficextension/default.filter     "
             "envoy.extensions.filters.http.wasm.v3.Wasm"},
            {"istio.io/trafficextension/<plugin>     "
             "<...>envoy.extensions.filters.network.wasm.v3.Wasm",
             "extensions.istio.io/trafficextension/default.filter     "
             "envoy.extensions.filters.network.wasm.v3.Wasm"}},
       .cause = "the proxy was given the filter <plugin>, a Wasm one; one that it refused is "
                "listed, too",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain` tells of one that it refused",
       .source = "Envoy, /config_dump, measured with 1.40; istioctl, proxy-config ecds",
       .confidence = Confidence::possible},
      {.code = "W-903",
       .producer = Producer::admin,
       .role = Role::sign,
       .forms = {{"runtime.v8.active: <count>", "wasm.envoy.wasm.runtime.v8.active: 3"},
                 {"wasm_envoy_wasm_runtime_v8_active{<...>} <count>",
                  "envoy_wasm_envoy_wasm_runtime_v8_active{} 3"},
                 {"wasm_runtime_v8_active{<...>} <count>", "envoy_wasm_runtime_v8_active{} 3"}},
       .cause = "<count> Wasm VMs are active; one that has died is counted, too",
       .remedy = "`kubectl logs POD -c istio-proxy | wasmctl explain` tells of one that has died",
       .source = "Envoy, source/extensions/common/wasm/stats_handler.h",
       .confidence = Confidence::possible},
      {.code = "W-904",
       .role = Role::sign,
       .forms = {{"Thread-Local Wasm created <active> now active",
                  "Thread-Local Wasm created 2 now active"},
                 {"Base Wasm created <active> now active", "Base Wasm created 1 now active"}},
       .cause = "Envoy has made a VM for a Wasm module",
       .remedy = "nothing",
       .source = "Envoy, source/extensions/common/wasm/wasm.cc, at level debug",
       .confidence = Confidence::possible},
      {.code = "W-905",
       .producer = Producer::istiod,
       .role = Role::sign,
       .forms = {{"ECDS: PUSH for node:<proxy> resources:<count> ",
                  "ECDS: PUSH for node:web-1.default resources:1 size:1.2kB"},
                 {"ECDS: PUSH request for node:<proxy> resources:<count> ",
                  "ECDS: PUSH request for node:web-1.default resources:1 size:1.2kB"},
                 {"ECDS: PUSH INC for node:<proxy> resources:<count> ",
                  "ECDS: PUSH INC for node:web-1.default resources:1 size:1.2kB"}},
       .cause = "istiod has pushed <count> plugins to <proxy>",
       .remedy =
           "`istioctl proxy-config ecds POD -o json | wasmctl explain` tells whether it is loaded",
       .source = "istio, pilot/pkg/xds/xdsgen.go",
       .confidence = Confidence::possible},
  };
}

}  // namespace wasmctl::explain
