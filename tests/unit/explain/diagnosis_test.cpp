// Which of many lines is the cause.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "explain/explainer.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

namespace {

explain::Report explained(const std::vector<std::string>& inputs) {
  explain::Explainer explainer;
  int number = 0;
  for (const auto& input : inputs) {
    explainer.begin("in" + std::to_string(++number));
    explainer.write(input);
    explainer.end();
  }
  return explainer.finish();
}

// "W-203 default.a, W-222 | healthy"
std::string told(const std::vector<std::string>& inputs) {
  const auto report = explained(inputs);
  std::string told;
  for (const auto& cause : report.causes) {
    told += (told.empty() ? "" : ", ") + std::string(cause.sight->code);
    if (!cause.plugin.empty()) told += " " + cause.plugin;
  }
  return told + (told.empty() ? "" : " | ") + std::string(to_string(report.state));
}

std::string envoy(const std::string& thread, const std::string& text,
                  const std::string& time = "16:15:53.1") {
  return "[2026-11-26 " + time + "][" + thread + "][error][wasm] [x.cc:1] " + text + "\n";
}

const std::string kMissing = "Failed to load Wasm module due to a missing import: env.f";
const std::string kInitialize = "Wasm VM failed Failed to initialize Wasm code";
const std::string kClosed = "Plugin configured to fail closed failed to load";
std::string failed(const std::string& plugin) {
  return "Plugin " + plugin + " failed to load";
}
std::string refused(const std::string& plugin) {
  return "Unable to create Wasm plugin " + plugin;
}
const std::string kTrap =
    "Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable";
const std::string kDead =
    "[2026-11-26T16:15:53.1Z] \"GET / HTTP/1.1\" 503 - wasm_fail_stream - \"-\"\n";

std::string ecds(const std::string& name, const std::string& type, const std::string& more = "") {
  return R"({"ecds_filters":[{"ecds_filter":{"name":")" + name +
         R"(","typed_config":{"@type":"type.googleapis.com/)" + type + "\"" + more + "}}}]}";
}

const std::string kRbac = "envoy.extensions.filters.http.rbac.v3.RBAC";
const std::string kWasm = "envoy.extensions.filters.http.wasm.v3.Wasm";
const std::string kFetch =
    "2026-11-26T16:15:53.1Z\terror\twasm\terror in converting the wasm config to local: cannot "
    "fetch Wasm module "
    "oci://a/b: could not fetch Wasm OCI image: could not fetch manifest: GET "
    "https://a/v2/b/manifests/v1: "
    "MANIFEST_UNKNOWN: x. applying deny RBAC filter\n";

}  // namespace

TEST_CASE("the first line of a burst is the cause") {
  const auto burst = envoy("1", kMissing) + envoy("1", kInitialize) + envoy("1", failed("a")) +
                     envoy("1", kClosed);
  CHECK(told({burst}) == "W-203 a | broken");
  // The same again, and the same of another plugin.
  CHECK(told({burst + burst}) == "W-203 a | broken");
  CHECK(told({burst + envoy("1", kMissing) + envoy("1", kInitialize) + envoy("1", failed("b"))}) ==
        "W-203 a, W-203 b | broken");
  // Two plugins in one second, two causes.
  CHECK(told({burst + envoy("1", "Wasm VM failed Missing or unknown Proxy-Wasm ABI version") +
              envoy("1", "Wasm VM failed Failed to load Wasm code") + envoy("1", failed("b"))}) ==
        "W-203 a, W-202 b | broken");
  // Lines of another thread between.
  CHECK(told({envoy("1", kMissing) +
              envoy("2", "Wasm VM failed Failed to configure base Wasm plugin") +
              envoy("1", kInitialize) + envoy("2", failed("b")) + envoy("1", failed("a"))}) ==
        "W-203 a, W-213 b | broken");
}

TEST_CASE("what only follows says less than its cause, but something") {
  CHECK(told({envoy("1", failed("a")) + envoy("1", kClosed)}) == "W-216 a | broken");
  CHECK(told({envoy("1", kClosed)}) == "W-217 | broken");
  CHECK(told({envoy("1", refused("a"))}) == "W-221 a | broken");
  // Minutes later, of another plugin.
  CHECK(told({envoy("1", kMissing) + envoy("1", failed("a")) +
              envoy("1", failed("b"), "16:25:00.0")}) == "W-203 a, W-216 b | broken");
}

TEST_CASE("consequences in other inputs go to their cause") {
  const auto burst =
      envoy("1", kMissing) + envoy("1", kInitialize) + envoy("1", failed("default.a"));
  const auto push =
      "2026-11-26T16:15:53.1Z\twarn\tads\tADS:ECDS: ACK ERROR web-1.default-12 Internal:" +
      refused("default.a") + "\n";
  CHECK(told({push, burst}) == "W-203 default.a | broken");
  CHECK(told({kFetch, ecds("extensions.istio.io/wasmplugin/default.a", kRbac, R"(,"rules":{})")}) ==
        "W-101 default.a | broken");
  CHECK(told({ecds("extensions.istio.io/wasmplugin/default.a", kRbac, R"(,"rules":{})"),
              "http.in.rbac.wasm-default-deny.denied: 12\n"}) == "W-137 default.a | broken");
  CHECK(told({kDead + envoy("7", kTrap) + kDead}) == "W-401 | broken");
  CHECK(told({kDead}) == "W-410 | broken");
  // A plugin that was never loaded has no VM either.
  CHECK(told({burst + kDead}) == "W-203 default.a | broken");
  CHECK(told({burst + "[2026-11-26T16:15:53.1Z] \"GET / HTTP/1.1\" 500 NFCF  - - \"-\"\n"}) ==
        "W-203 default.a | broken");
}

TEST_CASE("Envoy itself crashes") {
  const std::string crash = "Caught Segmentation fault, suspect faulting address 0x0";
  CHECK(told({envoy("7", crash)}) == "W-416 | broken");
  CHECK(told({envoy("7", kTrap) + envoy("7", crash)}) == "W-401 | broken");
  const auto report = explained({envoy("7", "wasm log default.a: panicked at x") +
                                 envoy("7", "std::terminate called!") + envoy("7", crash)});
  REQUIRE(report.causes.size() == 1);
  CHECK(report.causes[0].sight->code == "W-416");
  CHECK(report.causes[0].said == "panicked at x");
}

TEST_CASE("what is refused is named with all its reasons") {
  const auto causes = explained({"The WasmPlugin \"a\" is invalid: \n"
                                 "* spec.url: Required value\n"
                                 "* spec.typ: Invalid value: \"x\"\n"
                                 "nothing of ours\n",
                                 "strict decoding error: unknown field \"spec.a\"\n",
                                 "WasmPlugin in version \"v1alpha1\" cannot be handled as a "
                                 "WasmPlugin: strict decoding error: unknown field \"spec.a\"\n"})
                          .causes;
  REQUIRE(causes.size() == 2);
  CHECK(causes[0].cause ==
        "the API server refuses the plugin's resource: * spec.url: Required value * spec.typ: "
        "Invalid value: \"x\"");
  CHECK(causes[1].cause ==
        "the API server refuses the plugin's resource: strict decoding error: unknown field "
        "\"spec.a\"");
}

TEST_CASE("the table of istioctl proxy-config ecds") {
  const std::string head = "ECDS NAME                                         TYPE\n";
  const std::string name = "extensions.istio.io/wasmplugin/default.a     ";
  CHECK(told({head + name + kWasm + "\n"}) == "unknown");  // a refused one is there, too
  CHECK(told({head + name + kRbac + "\n"}) == "W-146 default.a | broken");
  CHECK(told({head + name + kRbac + "\n", kFetch}) == "W-101 default.a | broken");
  CHECK(told({head}) == "unknown");
}

TEST_CASE("who spoke last is who stopped") {
  const std::string panic =
      "[2026-11-26 16:15:53.1][7][critical][wasm] [x.cc:1] wasm log default.a: panicked at x\n";
  CHECK(told({panic + envoy("7", kTrap)}) == "W-401 default.a | broken");
  CHECK(explained({panic + envoy("7", kTrap)}).causes.at(0).said == "panicked at x");
  CHECK(told({panic + envoy("8", kTrap)}) == "W-401 | broken");
  // What is no error may be a neighbour's.
  CHECK(told({"[2026-11-26 16:15:53.1][7][info][wasm] [x.cc:1] wasm log default.a: hello\n" +
              envoy("7", kTrap)}) == "W-401 | broken");
  CHECK(told({panic + envoy("7", kTrap, "16:25:00.0")}) == "W-401 | broken");
}

TEST_CASE("a list of plugins has a cause for each") {
  const std::string items =
      "\t* cannot fetch Wasm module oci://a/b: could not fetch manifest: GET https://a/v2/b: "
      "MANIFEST_UNKNOWN: x\n"
      "\t* cannot fetch Wasm module oci://c/d: could not fetch manifest: GET https://c/v2/d: "
      "UNAUTHORIZED: x\n\n";
  const std::string list =
      "2026-11-26T16:15:53.1Z\terror\twasm\tconvert the wasm config: 2 errors occurred:\n" + items;
  CHECK(told({list}) == "W-101, W-102 | broken");
  std::string escaped;
  for (const char c : items) escaped += c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
  CHECK(told({R"({"level":"error","msg":"convert the wasm config: 2 errors occurred:\n)" + escaped +
              "\"}\n"}) == "W-101, W-102 | broken");
}

TEST_CASE("a VM that died in a request did not refuse a module") {
  CHECK(told({envoy("1", failed("a")) + envoy("7", kTrap)}) == "W-401, W-216 a | broken");
}

TEST_CASE("what works, and what nothing tells") {
  const auto own = [](const std::string& text) {
    return "[2026-11-26 16:15:53.1][1][info][wasm] [x.cc:1] wasm log default.a: " + text + "\n";
  };
  CHECK(told({own("hello")}) == "healthy");
  CHECK(told({envoy("1", "wasm log default.a: cannot reach the cluster")}) == "unknown");
  CHECK(told({ecds("default.a", kWasm)}) == "unknown");
  CHECK(told({ecds("default.a", kWasm,
                   R"(,"config":{"vm_config":{"runtime":"envoy.wasm.runtime.null"}})")}) ==
        "unknown");
  CHECK(told({""}) == "unknown");
  CHECK(told({"2026-11-26T16:15:53.1Z\tinfo\tads\tECDS: PUSH for node:web-1.default resources:1 "
              "size:1kB\n"}) == "unknown");
  CHECK(told({"2026-11-26T16:15:53.1Z\tinfo\tads\tECDS: PUSH for node:web-1.default resources:0 "
              "size:0B\n"}) == "unknown");
  CHECK(
      told(
          {R"({"ecds_filters":[{"ecds_filter":{"@type":"type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",)"
           R"("name":"default.a"}}]})"}) == "W-145 default.a | broken");
  CHECK(
      told({"apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a}\n"}) ==
      "unknown");
  // AuthorizationPolicies deny, too, and have filters of that type.
  CHECK(told({"\"GET / HTTP/1.1\" 403 - rbac_access_denied_matched_policy[none] -\n"}) ==
        "unknown");
  CHECK(
      told(
          {R"({"http_filters":[{"name":"envoy.filters.http.rbac","typed_config":{"@type":"type.googleapis.com/)" +
           kRbac + R"(","rules":{}}}]})"}) == "unknown");
  // A plugin may log the very words of an error.
  CHECK(told({own(kMissing)}) == "healthy");
  // A configuration that was refused is in the dump, too.
  CHECK(told({R"({"dynamic_listeners":[{"error_state":{"failed_configuration":)" +
              ecds("a", kWasm) + "}}]}"}) == "unknown");
}

TEST_CASE("counters") {
  CHECK(told({"istio_agent_wasm_remote_fetch_count{result=\"download_failure\"} 3\n"}) ==
        "W-139 | broken");
  CHECK(told({"istio_agent_wasm_remote_fetch_count{result=\"download_failure\"} 0\n"}) ==
        "unknown");
  CHECK(told({"# HELP istio_agent_wasm_remote_fetch_count number of Wasm remote fetches\n"}) ==
        "unknown");
  // Envoy counts a VM that has died, too.
  CHECK(told({"wasm.envoy.wasm.runtime.v8.active: 3\n"}) == "unknown");
  CHECK(told({R"({"stats":[{"name":"wasm.envoy.wasm.runtime.v8.active","value":3}]})"}) ==
        "unknown");
  CHECK(told({R"({"stats":[{"value":2,"name":"http.a.rbac.wasm-default-deny.denied"}]})"}) ==
        "W-412 | broken");
}

TEST_CASE("the version of Istio") {
  const auto version = [](const std::string& text) { return explained({text}).istio; };
  CHECK(version("image: docker.io/istio/proxyv2:1.24.3-distroless\n") == "1.24.3");
  CHECK(version(R"({"items":[{"image":"docker.io/istio/proxyv2:1.30.0"}]})") == "1.30.0");
  CHECK(
      version(R"({"configs":[{"bootstrap":{"node":{"metadata":{"ISTIO_VERSION":"1.28.1"}}}}]})") ==
      "1.28.1");
  CHECK(version("2026-11-26T16:15:53.1Z\tinfo\tVersion 1.28.8-64cff0e8084f-Clean\n") == "1.28.8");
  CHECK(version(ecds("extensions.istio.io/trafficextension/default.a", kWasm)) == "1.30 or later");
  CHECK(version(ecds("extenstions.istio.io/wasmplugin/default.a", kWasm)) == "1.21 to 1.25");
  CHECK(version("nothing\n").empty());
}

TEST_CASE("versions decide what else is said") {
  const std::string old =
      "2026-11-26T16:15:53.1Z\terror\twasm\tconvert the wasm config: cannot fetch Wasm module "
      "oci://a/b: EOF\n";
  const auto editions = [&](const std::string& version) {
    return explained({version + old}).causes.at(0).editions.size();
  };
  CHECK(editions("") == 2);
  CHECK(editions("proxy istio/proxyv2:1.24.3\n") == 1);
  CHECK(editions("proxy istio/proxyv2:1.25.1\n") == 1);
  CHECK(editions("proxy istio/proxyv2:1.28.1\n") == 0);
}

TEST_CASE("nginx's own failure is not taken for a callback of the plugin") {
  CHECK(
      told({"2026/11/26 16:15:53 [error] 7#7: failed to call function: assertion failed: `x`\n"}) ==
      "unknown");
}
