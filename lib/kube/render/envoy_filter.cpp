// The filter in Envoy's own configuration, for an Envoy without a control plane: an entry of
// `http_filters`, or with `type: NETWORK` of a filter chain's `filters`.
// Source: envoy api/envoy/extensions/wasm/v3/wasm.proto and filters/{http,network}/wasm/v3.
#include "kube/render/envoy_filter.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kube/render/plugin_config.hpp"
#include "kube/render/resource_kinds.hpp"
#include "kube/render/unsupported.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::ordered_json;

constexpr char kEnvoysConfiguration[] = "Envoy's own configuration";

constexpr Unsupported kNotInAFilter[] = {
    {"selector", "", "the filter is where you put it"},
    {"targetRefs", "", "the filter is where you put it"},
    {"phase", R"("UNSPECIFIED_PHASE")", "the filters are in the order of the list", Loss::order},
    {"priority", "0", "the filters are in the order of the list", Loss::order},
    {"match", "[]", "the filter is where you put it"},
    {"imagePullPolicy", R"("UNSPECIFIED_POLICY")", "Envoy itself pulls no image"},
    {"imagePullSecret", "", "Envoy itself pulls no image"},
};

ordered_json code(const Location& location) {
  constexpr std::string_view kFile = "file://";
  if (location.url.starts_with(kFile)) {
    return {{"local", {{"filename", location.url.substr(kFile.size())}}}};
  }
  ordered_json remote = {
      {"http_uri",
       {{"uri", location.url}, {"cluster", *cluster_of(location.url)}, {"timeout", "30s"}}}};
  if (location.sha256) remote["sha256"] = *location.sha256;
  return {{"remote", std::move(remote)}};
}

ordered_json environment_variables(const Settings& settings) {
  const auto env = environment(settings);
  auto variables = ordered_json::object();
  if (!env.from_host.empty()) variables["host_env_keys"] = env.from_host;
  for (const auto& [name, value] : env.with_value) variables["key_values"][name] = value;
  return variables;
}

// Envoy's names of Istio's strategies.
std::string failure_policy(const std::string& strategy) {
  return strategy == "FAIL_CLOSE" ? "FAIL_CLOSED" : strategy;
}

std::vector<std::string> check_envoy_filter(const Settings& settings) {
  return refuse_unsupported(settings, kEnvoysConfiguration, kNotInAFilter);
}

ordered_json envoy_filter(const Identity& identity, const Location& location,
                          const Settings& settings) {
  ordered_json config = {{"name", identity.name}};
  const auto root_id = settings.text("pluginName");
  if (!root_id.empty()) config["root_id"] = root_id;
  const auto strategy = settings.text("failStrategy");
  if (!strategy.empty()) config["failure_policy"] = failure_policy(strategy);
  // A VM of its own, as Istio and Envoy Gateway give it.
  config["vm_config"] = {
      {"vm_id", identity.name}, {"runtime", "envoy.wasm.runtime.v8"}, {"code", code(location)}};
  auto variables = environment_variables(settings);
  if (!variables.empty()) config["vm_config"]["environment_variables"] = std::move(variables);
  const auto* const plugin_config = settings.find("config");
  const auto bytes = plugin_config == nullptr ? std::string() : delivered_config(*plugin_config);
  if (!bytes.empty()) {
    config["configuration"] = {{"@type", "type.googleapis.com/google.protobuf.StringValue"},
                               {"value", bytes}};
  }
  const bool network = settings.text("type") == "NETWORK";
  const std::string layer = network ? "network" : "http";
  return {{"name", "envoy.filters." + layer + ".wasm"},
          {"typed_config",
           {{"@type", "type.googleapis.com/envoy.extensions.filters." + layer + ".wasm.v3.Wasm"},
            {"config", std::move(config)}}}};
}

constexpr std::string_view kEnvoySchemes[] = {"file", "http", "https"};

}  // namespace

extern constexpr ResourceKind kEnvoyFilterKind = {"envoy", std::nullopt, kEnvoySchemes,
                                                  check_envoy_filter, envoy_filter};

std::optional<std::string> cluster_of(const std::string& url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) return std::nullopt;
  const auto begin = url.find("://") + 3;
  return url.substr(begin, std::min(url.find_first_of(":/", begin), url.size()) - begin);
}

}  // namespace wasmctl::kube
