#include "envoy/bootstrap.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "envoy/record.hpp"

namespace wasmctl::envoy {

namespace {

using Json = nlohmann::json;

Json typed(const char* type, Json fields) {
  fields["@type"] = fmt::format("type.googleapis.com/{}", type);
  return fields;
}

const char* wasm_type(Traffic traffic) {
  return traffic == Traffic::http ? "envoy.extensions.filters.http.wasm.v3.Wasm"
                                  : "envoy.extensions.filters.network.wasm.v3.Wasm";
}

// Braces alone may copy the one item.
Json list_of(Json item) {
  auto list = Json::array();
  list.push_back(std::move(item));
  return list;
}

Json address(const std::string& host, std::uint16_t port) {
  return {{"socket_address", {{"address", host}, {"port_value", port}}}};
}

Json code_of(const Filter& filter) {
  if (filter.inline_module.empty()) return {{"filename", filter.module.native()}};
  return {{"inline_bytes", base::base64_encode(filter.inline_module)}};
}

const char* policy_name(OnFailure on_failure) {
  switch (on_failure) {
    case OnFailure::open:
      return "FAIL_OPEN";
    case OnFailure::reload:
      return "FAIL_RELOAD";
    case OnFailure::close:
      break;
  }
  return "FAIL_CLOSED";
}

// Envoy hands a plugin the bytes of either. JSON has a StringValue only for UTF-8.
Json configuration_value(const std::string& text) {
  if (!base::is_utf8(text))
    return typed("google.protobuf.BytesValue", {{"value", base::base64_encode(text)}});
  return typed("google.protobuf.StringValue", {{"value", text}});
}

Json wasm(const Filter& filter, Traffic traffic) {
  Json vm = {{"runtime", "envoy.wasm.runtime.v8"}, {"code", {{"local", code_of(filter)}}}};
  if (!filter.vm_id.empty()) vm["vm_id"] = filter.vm_id;
  if (!filter.env.empty()) vm["environment_variables"]["key_values"] = filter.env;
  if (!filter.host_env.empty()) vm["environment_variables"]["host_env_keys"] = filter.host_env;
  if (filter.vm_configuration) vm["configuration"] = configuration_value(*filter.vm_configuration);
  Json config = {{"name", filter.name},
                 {"failure_policy", policy_name(filter.on_failure)},
                 {"vm_config", std::move(vm)}};
  if (!filter.root_id.empty()) config["root_id"] = filter.root_id;
  if (filter.configuration) config["configuration"] = configuration_value(*filter.configuration);
  return typed(wasm_type(traffic), {{"config", std::move(config)}});
}

std::string filter_name(std::size_t index) {
  return fmt::format("plugin-{}", index);
}

Json discovered(Traffic traffic, std::size_t index, const fs::path& directory) {
  Json source = {{"path_config_source", {{"path", discovery_path(directory, index).native()}}},
                 {"initial_fetch_timeout", "0s"},
                 {"resource_api_version", "V3"}};
  auto types = list_of(fmt::format("type.googleapis.com/{}", wasm_type(traffic)));
  return {{"name", filter_name(index)},
          {"config_discovery",
           {{"config_source", std::move(source)}, {"type_urls", std::move(types)}}}};
}

Json access_log() {
  Json format = {{"json_format", Json::parse(access_format())}};
  return list_of(
      {{"name", "envoy.access_loggers.stdout"},
       {"typed_config", typed("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
                              {{"log_format", std::move(format)}})}});
}

Json connection_manager(const Setup& setup, Json filters) {
  Json route = {{"match", {{"prefix", "/"}}}};
  if (setup.upstream) {
    route["route"] = {{"cluster", kUpstreamName}, {"timeout", "0s"}};  // as in Istio
  } else {
    route["direct_response"] = {{"status", 200}, {"body", {{"inline_string", "ok\n"}}}};
  }
  const bool is_transparent = setup.manner == Manner::transparent;
  Json router = Json::object();
  if (is_transparent) router["suppress_envoy_headers"] = true;
  filters.push_back(
      {{"name", "envoy.filters.http.router"},
       {"typed_config", typed("envoy.extensions.filters.http.router.v3.Router", router)}});
  auto hosts =
      list_of({{"name", "all"}, {"domains", list_of("*")}, {"routes", list_of(std::move(route))}});
  Json manager = {{"stat_prefix", "http"},
                  {"access_log", access_log()},
                  {"http_protocol_options", {{"enable_trailers", true}}},
                  {"route_config", {{"virtual_hosts", std::move(hosts)}}},
                  {"http_filters", std::move(filters)}};
  if (is_transparent) {
    manager["delayed_close_timeout"] = "0s";  // a client that is cut off knows it at once
    manager["http_protocol_options"]["allow_custom_methods"] = true;
    manager["server_header_transformation"] = "PASS_THROUGH";
    manager["generate_request_id"] = false;
    manager["skip_xff_append"] = true;
  }
  return typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
               std::move(manager));
}

Json chain(const Setup& setup, Json filters) {
  if (setup.traffic == Traffic::http) {
    return list_of({{"name", "envoy.filters.network.http_connection_manager"},
                    {"typed_config", connection_manager(setup, std::move(filters))}});
  }
  filters.push_back(
      {{"name", "envoy.filters.network.tcp_proxy"},
       {"typed_config", typed("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                              {{"stat_prefix", "tcp"}, {"cluster", kUpstreamName}})}});
  return filters;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

Json http_options(Protocol protocol) {
  Json trailers = {{"enable_trailers", true}};
  Json which = protocol == Protocol::http2 ? Json{{"http2_protocol_options", Json::object()}}
                                           : Json{{"http_protocol_options", std::move(trailers)}};
  constexpr auto* kType = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return {{kType, typed(kType, {{"explicit_http_config", std::move(which)}})}};
}

// A server that is an address has a certificate for that.
Json tls_socket(const std::string& host, const fs::path& authorities) {
  const bool is_name = !is_address(host);
  Json context = Json::object();
  if (is_name) context["sni"] = host;
  auto names =
      list_of({{"san_type", is_name ? "DNS" : "IP_ADDRESS"}, {"matcher", {{"exact", host}}}});
  context["common_tls_context"]["validation_context"] = {
      {"trusted_ca", {{"filename", authorities.native()}}},
      {"match_typed_subject_alt_names", std::move(names)}};
  return {{"name", "envoy.transport_sockets.tls"},
          {"typed_config", typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                                 std::move(context))}};
}

Json cluster(const Cluster& wanted, const fs::path& authorities) {
  Json endpoint = {{"endpoint", {{"address", address(wanted.host, wanted.port)}}}};
  Json locality = {{"lb_endpoints", list_of(std::move(endpoint))}};
  Json made = {{"name", wanted.name},
               {"type", is_address(wanted.host) ? "STATIC" : "STRICT_DNS"},
               {"dns_lookup_family", "V4_PREFERRED"},  // `localhost` is where most servers listen
               {"connect_timeout", "5s"},
               {"typed_extension_protocol_options", http_options(wanted.protocol)},
               {"load_assignment",
                {{"cluster_name", wanted.name}, {"endpoints", list_of(std::move(locality))}}}};
  if (wanted.protocol == Protocol::tls)
    made["transport_socket"] = tls_socket(wanted.host, authorities);
  return made;
}

Json clusters_of(const Setup& setup) {
  auto clusters = Json::array();
  if (setup.upstream) {
    auto upstream = *setup.upstream;
    upstream.name = kUpstreamName;
    clusters.push_back(cluster(upstream, setup.authorities));
  }
  for (const auto& wanted : setup.clusters) clusters.push_back(cluster(wanted, setup.authorities));
  return clusters;
}

Json bootstrap(const Setup& setup, Json filters) {
  Json listener = {{"name", "in"},
                   {"address", address("127.0.0.1", setup.port)},
                   {"filter_chains", list_of({{"filters", chain(setup, std::move(filters))}})}};
  listener["enable_reuse_port"] = false;  // else a second Envoy could share a port that is taken
  if (setup.traffic == Traffic::tcp) listener["access_log"] = access_log();
  const auto admin = setup.admin_port ? address("127.0.0.1", *setup.admin_port)
                                      : Json{{"pipe", {{"path", kAdminSocket}}}};
  return {{"node", {{"id", "wasmctl"}, {"cluster", "wasmctl"}}},
          {"admin", {{"address", admin}}},
          {"static_resources",
           {{"listeners", list_of(std::move(listener))}, {"clusters", clusters_of(setup)}}}};
}

}  // namespace

Json static_bootstrap(const Setup& setup, const std::vector<Filter>& filters) {
  auto list = Json::array();
  for (std::size_t i = 0; i < filters.size(); ++i) {
    list.push_back({{"name", filter_name(i)}, {"typed_config", wasm(filters[i], setup.traffic)}});
  }
  return bootstrap(setup, std::move(list));
}

Json dynamic_bootstrap(const Setup& setup, std::size_t filters, const fs::path& directory) {
  auto list = Json::array();
  for (std::size_t i = 0; i < filters; ++i) {
    list.push_back(discovered(setup.traffic, i, directory));
  }
  return bootstrap(setup, std::move(list));
}

fs::path discovery_path(const fs::path& directory, std::size_t index) {
  return directory / (filter_name(index) + ".json");
}

Json discovery(const Filter& filter, Traffic traffic, std::size_t index) {
  Json resource = typed("envoy.config.core.v3.TypedExtensionConfig",
                        {{"name", filter_name(index)}, {"typed_config", wasm(filter, traffic)}});
  return {{"version_info", "1"}, {"resources", list_of(std::move(resource))}};
}

std::string counter_prefix(Traffic traffic, std::size_t index) {
  return fmt::format("extension_config_discovery.{}_filter.{}",
                     traffic == Traffic::http ? "http" : "network", filter_name(index));
}

}  // namespace wasmctl::envoy
