#include "host/suite/inputs.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "host/suite/input.hpp"

namespace wasmctl::host {

namespace {

using Json = nlohmann::ordered_json;

Json headers_json(const std::vector<Header>& headers) {
  auto list = Json::array();
  for (const auto& header : headers) list.push_back({{"key", header.key}, {"value", header.value}});
  return list;
}

Json headers_json(const Pairs& pairs) {
  auto list = Json::array();
  for (const auto& [key, value] : pairs) list.push_back({{"key", key}, {"value", value}});
  return list;
}

Json with_end(Json value, const Invocation& invocation) {
  if (invocation.end_of_stream) value["end_of_stream"] = *invocation.end_of_stream;
  if (invocation.advance_ms) value["advance_ms"] = *invocation.advance_ms;
  return value;
}

Json headers_phase(const Suite& suite, const Invocation& invocation, MessageKind kind) {
  const auto headers = input_headers(suite, invocation.input, kind);
  return with_end({{"input", {{"header", headers_json(headers)}}}}, invocation);
}

Json plain_phase(const Invocation& invocation) {
  return with_end({{"input", {{"header", headers_json(invocation.input.header)}}}}, invocation);
}

Json body_phase(const Suite& suite, const Invocation& invocation) {
  return with_end({{"input", {{"content", input_body(suite, invocation.input)}}}}, invocation);
}

Json bodies(const Suite& suite, const std::vector<Invocation>& invocations) {
  auto list = Json::array();
  for (const auto& invocation : invocations) list.push_back(body_phase(suite, invocation));
  return list;
}

constexpr std::array<std::string_view, 4> kFailures{"no", "connect", "timeout", "reset"};

Json callout(const Callout& given) {
  Json value = Json::object();
  if (!given.cluster.empty()) value["cluster"] = given.cluster;
  if (!given.path.empty()) value["path"] = given.path;
  value["failure"] = kFailures[static_cast<std::size_t>(given.failure)];
  value["header"] = headers_json(given.header);
  value["content"] = given.content;
  value["trailer"] = headers_json(given.trailer);
  return value;
}

Json grpc_callout(const GrpcCallout& given) {
  Json value = Json::object();
  if (!given.cluster.empty()) value["cluster"] = given.cluster;
  if (!given.service.empty()) value["service"] = given.service;
  if (!given.method.empty()) value["method"] = given.method;
  value["failure"] = kFailures[static_cast<std::size_t>(given.failure)];
  value["header"] = headers_json(given.header);
  value["message"] = given.message;
  value["trailer"] = headers_json(given.trailer);
  value["status"] = given.status;
  value["status_message"] = given.status_message;
  return value;
}

Json connection_event(const Suite& suite, const ConnectionEvent& event) {
  const std::pair<std::string_view, const std::optional<Invocation>&> kinds[] = {
      {"downstream_data", event.downstream_data},
      {"upstream_data", event.upstream_data},
      {"downstream_close", event.downstream_close},
      {"upstream_close", event.upstream_close}};
  Json value = Json::object();
  for (const auto& [name, invocation] : kinds) {
    if (!invocation) continue;
    value[std::string(name)] = name == "downstream_close" ? with_end(Json::object(), *invocation)
                                                          : body_phase(suite, *invocation);
  }
  return value;
}

Json env_json(const Env& env) {
  Json value = Json::object();
  if (env.host == SuiteHost::envoy) value["host"] = "envoy";
  if (env.time_secs) value["time_secs"] = *env.time_secs;
  if (!env.config_path.empty()) value["config_path"] = env.config_path;
  if (!env.config.empty()) value["config"] = env.config;
  if (!env.root_id.empty()) value["root_id"] = env.root_id;
  if (!env.vm_config.empty()) value["vm_config"] = env.vm_config;
  for (const auto& [name, given] : env.environment)
    value["environment"].push_back({{"name", name}, {"value", given}});
  return value;
}

// What the plugin asks of the proxy.
void add_answers(Json& value, const Test& test) {
  for (const auto& [path, prefix, given] : test.properties) {
    value["properties"].push_back(
        {{prefix.empty() ? "path" : "prefix", prefix.empty() ? path : prefix}, {"value", given}});
  }
  for (const auto& given : test.http_call) value["http_call"].push_back(callout(given));
  for (const auto& given : test.grpc_call) value["grpc_call"].push_back(grpc_callout(given));
  for (const auto& given : test.foreign_function)
    value["foreign_function"].push_back({{"name", given.name}, {"content", given.content}});
  for (const auto& [key, given] : test.shared_data)
    value["shared_data"].push_back({{"key", key}, {"value", given}});
}

void add_connection(Json& value, const Suite& suite, const Test& test) {
  if (test.new_connection) value["new_connection"] = with_end(Json::object(), *test.new_connection);
  for (const auto& event : test.connection)
    value["connection"].push_back(connection_event(suite, event));
}

}  // namespace

Json inputs_of(const Suite& suite, const Test& test) {
  Json value{{"name", test.name}};
  if (test.config) value["config"] = *test.config;
  if (test.num_chunks) value["num_chunks"] = *test.num_chunks;
  if (test.chunk_size) value["chunk_size"] = *test.chunk_size;
  add_answers(value, test);
  const auto request = MessageKind::request;
  const auto response = MessageKind::response;
  if (test.request_headers)
    value["request_headers"] = headers_phase(suite, *test.request_headers, request);
  if (test.request_metadata) value["request_metadata"] = plain_phase(*test.request_metadata);
  if (!test.request_body.empty()) value["request_body"] = bodies(suite, test.request_body);
  if (test.request_trailers) value["request_trailers"] = plain_phase(*test.request_trailers);
  if (test.response_headers)
    value["response_headers"] = headers_phase(suite, *test.response_headers, response);
  if (test.response_metadata) value["response_metadata"] = plain_phase(*test.response_metadata);
  if (!test.response_body.empty()) value["response_body"] = bodies(suite, test.response_body);
  if (test.response_trailers) value["response_trailers"] = plain_phase(*test.response_trailers);
  add_connection(value, suite, test);
  return {{"env", env_json(suite.env)}, {"test", Json::array({value})}};
}

}  // namespace wasmctl::host
