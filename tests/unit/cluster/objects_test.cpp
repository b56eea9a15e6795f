// What kubectl and proxies print, as it is and as somebody would like it to be.
#include <doctest/doctest.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "base/stop_signals.hpp"
#include "cluster/kubectl.hpp"
#include "cluster/log_level.hpp"
#include "cluster/log_sources.hpp"
#include "cluster/objects.hpp"
#include "cluster/plugin_lines.hpp"
#include "cluster/proxy.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

TEST_CASE("times") {
  struct Row {
    const char* text;
    std::optional<double> seconds;
  };
  const Row rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2026-11-27T04:19:08Z", 1795753148},
      {"2026-11-27T04:19:08.392Z and more", 1795753148.392},
      {"2026-11-27T06:19:08+02:00", 1795753148},
      {"2026-11-27T04:19:08", std::nullopt},
      {"2026-13-27T04:19:08Z", std::nullopt},
      {"2026-11-27 04:19:08Z", std::nullopt},
      {"2026-11-27T04:19:08+2", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [text, seconds] : rows) {
    CAPTURE(text);
    const auto read = cluster::read_time(text);
    CHECK(read.has_value() == seconds.has_value());
    if (read && seconds) CHECK(*read == doctest::Approx(*seconds));
  }
  CHECK(cluster::to_time(1795753148.9) == "2026-11-27T04:19:08Z");
}

TEST_CASE("plugins of each kind") {
  const auto one = [](cluster::PluginKind kind, const std::string& spec) {
    return cluster::read_plugins(
        kind, R"({"items": [{"metadata": {"namespace": "shop", "name": "tally"}, "spec": )" + spec +
                  "}]}");
  };
  const auto wasm =
      one(cluster::PluginKind::wasm_plugin, R"({"url": "oci://r/x@sha256:)" + std::string(64, 'a') +
                                                R"(", "selector": {"matchLabels": {"app": "web"}},
                            "pluginConfig": {"b": 1, "a": 2}, "failStrategy": "FAIL_OPEN"})");
  REQUIRE(wasm.size() == 1);
  CHECK(wasm[0].full_name() == "shop/tally");
  CHECK(wasm[0].sha256 == std::string(64, 'a'));
  CHECK(wasm[0].config == R"({"a":2,"b":1})");
  CHECK(wasm[0].policy == "FAIL_OPEN");
  CHECK(wasm[0].selector == cluster::Labels{{"app", "web"}});
  CHECK(wasm[0].file().empty());

  const auto extension = one(cluster::PluginKind::traffic_extension,
                             R"({"wasm": {"url": "file:///a/b.wasm", "pluginConfig": {}}})");
  REQUIRE(extension.size() == 1);
  CHECK(extension[0].file() == "/a/b.wasm");
  CHECK(extension[0].config.empty());
  CHECK(one(cluster::PluginKind::traffic_extension, R"({"lua": {"inlineCode": ""}})").empty());

  const auto policy = one(cluster::PluginKind::extension_policy,
                          R"({"targetRefs": [{"kind": "Gateway", "name": "public"}], "wasm": [
                          {"name": "a", "code": {"image": {"url": "r/x:v1"}}, "failOpen": true},
                          {"name": "b", "code": {"http": {"url": "https://r/x.wasm"}}}]})");
  REQUIRE(policy.size() == 2);
  CHECK(policy[0].url == "oci://r/x:v1");
  CHECK(policy[0].policy == "FAIL_OPEN");
  CHECK(policy[1].url == "https://r/x.wasm");
  CHECK(policy[1].targets.size() == 1);
  CHECK(policy[1].proxy_name() == "envoyextensionpolicy/shop/tally/wasm/1");
}

TEST_CASE("what is of no form is empty, and does no harm") {
  const char* const texts[] = {
      "",
      "null",
      "[]",
      "{",
      R"({"items": 1})",
      R"({"items": [null, 1, "x", [], {}]})",
      R"({"items": [{"metadata": [], "spec": "x", "status": 3}]})",
      R"({"metadata": {"ownerReferences": [1], "labels": {"a": 1}}, "spec": {"containers": 3,
          "volumes": [null, {"configMap": [], "items": [0]}]}, "status": {"conditions": [2],
          "containerStatuses": {"a": 1}}})",
      R"({"configs": [null, {"ecds_filter": {"typed_config": {"@type": 3, "config": []}}}]})",
      "\xff\xfe{\"items\": []}",
  };
  for (const auto* const text : texts) {
    CAPTURE(text);
    for (const auto kind :
         {cluster::PluginKind::wasm_plugin, cluster::PluginKind::traffic_extension,
          cluster::PluginKind::extension_policy}) {
      for (const auto& plugin : cluster::read_plugins(kind, text)) CHECK(plugin.name.empty());
    }
    for (const auto& pod : cluster::read_pods(text)) CHECK(pod.proxy.empty());
    for (const auto& map : cluster::read_config_maps(text)) CHECK(map.digests.empty());
    for (const auto& event : cluster::read_events(text)) CHECK(event.message.empty());
    CHECK(cluster::read_workloads(text).empty());
    CHECK(cluster::read_labels(text).size() <= 1);
    if (const auto filters = cluster::read_filters(text)) {
      for (const auto& filter : *filters) CHECK(filter.file.empty());
    }
  }
}

TEST_CASE("the longest mount over a file is the one that is seen") {
  cluster::Pod pod;
  pod.mounts = {{"all", "/var", ""}, {"own", "/var/wasm", ""}, {"near", "/var/was", ""}};
  REQUIRE(pod.mount_of("/var/wasm/a.wasm") != nullptr);
  CHECK(pod.mount_of("/var/wasm/a.wasm")->volume == "own");
  CHECK(pod.mount_of("/etc/a.wasm") == nullptr);
}

TEST_CASE("a filter is a plugin's under every name that Istio has given it") {
  struct Row {
    const char* resource;
    bool is_ours;
  };
  const Row rows[] = {
      {"shop.tally", true},
      {"extenstions.istio.io/wasmplugin/shop.tally", true},
      {"extensions.istio.io/wasmplugin/shop.tally", true},
      {"extensions.istio.io/trafficextension/shop.tally", true},
      {"extensions.istio.io/trafficextension/shop.tally-2", false},
      {"extensions.istio.io/trafficextension/myshop.tally", false},
      {"tally", false},
  };
  for (const auto& [resource, is_ours] : rows) {
    CAPTURE(resource);
    cluster::Filter filter;
    filter.resource = resource;
    CHECK(filter.is_of("shop.tally") == is_ours);
  }
}

TEST_CASE("the agent names a module by its checksum") {
  cluster::Filter filter;
  const auto digest = std::string(63, 'a') + "0";
  filter.file = "/var/lib/istio/data/" + std::string(64, 'b') + "/" + digest + ".wasm";
  CHECK(filter.fetched_digest() == digest);
  filter.file = "/var/local/wasm/plugin.wasm";
  CHECK(filter.fetched_digest().empty());
  filter.file = "/x" + digest + ".wasm";
  CHECK(filter.fetched_digest().empty());
}

TEST_CASE("of a log what is new enough, with the lines that follow it") {
  const std::string log =
      "2026-11-27T04:00:00Z old\n"
      "  of the old\n"
      "2026-11-27T04:00:05.5Z new\n"
      "  of the new\n";
  CHECK(cluster::log_since(log, *cluster::read_time("2026-11-27T04:00:01Z")) ==
        "2026-11-27T04:00:05.5Z new\n  of the new\n");
  CHECK(cluster::log_begin(log) == cluster::read_time("2026-11-27T04:00:00Z"));
  CHECK(!cluster::log_begin("no time\n"));
  CHECK(cluster::log_since("", 0).empty());
}

TEST_CASE("lines of `kubectl logs --prefix`") {
  const auto line = cluster::read_pod_line("[pod/web-1/istio-proxy] a b");
  CHECK(line.pod == "web-1");
  CHECK(line.text == "a b");
  for (const auto* const text : {"", "a b", "[pod/web-1", "[pod/web] x/y", "[pod/web/c]"}) {
    CHECK(cluster::read_pod_line(text).pod.empty());
  }
}

TEST_CASE("which lines of a proxy's log are about a plugin") {
  struct Row {
    const char* line;
    bool is_taken;
  };
  // In this order: a line may go on from the one before it.
  const Row rows[] = {
      {"2026-11-27T04:00:00.0Z\tinfo\tenvoy wasm x.cc:1\twasm log shop.tally: hello\tthread=2",
       true},
      {"2026-11-27T04:00:00.0Z\tinfo\tenvoy wasm x.cc:1\twasm log shop.tally~istio: hello", true},
      {"2026-11-27T04:00:00.0Z\tinfo\tenvoy wasm x.cc:1\twasm log shop.tally root vm: hello", true},
      {"2026-11-27T04:00:00.0Z\tinfo\tenvoy wasm x.cc:1\twasm log shop.tally-2: hello", false},
      {"  of another plugin's", false},
      {"2026-11-27T04:00:00.0Z\terror\tenvoy wasm x.cc:1\tWasm VM failed Failed to load", true},
      {"2026-11-27T04:00:00.0Z\terror\tenvoy wasm x.cc:1\tFunction: f failed: Uncaught x", true},
      {"Proxy-Wasm plugin in-VM backtrace:", true},
      {"  0:  0xec - f", true},
      {"[2026-11-27T04:00:00.0Z] \"GET / HTTP/1.1\" 200 -", false},
      {"  0:  0xec - f", false},
      {"2026-11-27T04:00:00.0Z\terror\twasm\tcannot fetch Wasm module", true},
      {"2026-11-27T04:00:00.0Z\tinfo\tenvoy main x.cc:1\tall dependencies initialized", false},
      {"[2026-11-27 04:00:00.0][2][info][wasm] [x.cc:1] wasm log shop.tally: hello", true},
      {"wasm://wasm/cb873326:257: Uncaught RuntimeError: unreachable", true},
      {"[2026-11-27 04:00:00.0][2][info][wasm] [x.cc:1] wasm log my-guard root: hello", true},
      {"[2026-11-27 04:00:00.0][2][info][wasm] [x.cc:1] wasm log my-guards: hello", false},
      {"[2026-11-27 04:00:00.0][2][info][wasm] [x.cc:1] "
       "wasm log envoyextensionpolicy/shop/guard/wasm/1: hello",
       true},
      {"[2026-11-27 04:00:00.0][2][info][wasm] [x.cc:1] "
       "wasm log envoyextensionpolicy/shop/guard/wasm/0: hello",
       false},
  };
  cluster::PluginLines lines({"shop.tally", "envoyextensionpolicy/shop/guard/wasm/1", "my-guard"});
  for (const auto& [line, is_taken] : rows) {
    CAPTURE(line);
    CHECK(lines.takes(line) == is_taken);
  }
}

TEST_CASE("a policy's plugin is called in logs as its item is named") {
  const auto plugins = cluster::read_plugins(cluster::PluginKind::extension_policy,
                                             R"({"metadata": {"name": "guard", "namespace": "shop"},
          "spec": {"wasm": [{"name": "my-guard"}, {}]}})");
  REQUIRE(plugins.size() == 2);
  CHECK(plugins[0].log_name() == "my-guard");
  CHECK(plugins[1].log_name() == "envoyextensionpolicy/shop/guard/wasm/1");
}

TEST_CASE("once a signal came nothing more is asked") {
  const cluster::Kubectl kubectl("/bin/sh", {});
  const std::vector<cluster::Arguments> questions(3, {"-c", "echo hello"});
  const base::StopSignals stop;
  CHECK(kubectl.ask_all(questions, &stop)[2].out == "hello\n");
  ::raise(SIGINT);
  for (const auto& answer : kubectl.ask_all(questions, &stop)) {
    CHECK(answer.outcome == cluster::Outcome::late);
  }
  CHECK(kubectl.ask_all(questions)[2].is_ok());
}

TEST_CASE("log levels") {
  CHECK(cluster::wasm_level_of("active loggers:\n  upstream: info\n  wasm: warning\n") ==
        "warning");
  CHECK(cluster::wasm_level_of("  wasm: loud\n").empty());
  CHECK(cluster::wasm_level_of("error").empty());
  CHECK(cluster::envoy_level("WARN") == "warning");
  CHECK(!cluster::envoy_level("loud"));
  cluster::Plugin plugin;
  CHECK(cluster::wanted_level(plugin) == "info");
  plugin.config = R"({"log_level": "debug"})";
  CHECK(cluster::wanted_level(plugin) == "debug");
  plugin.config = R"({"log_level": 3})";
  CHECK(cluster::wanted_level(plugin) == "info");
}
