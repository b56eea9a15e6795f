#include "host/suite/inputs.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "host/suite/input.hpp"

namespace wasmctl::host {

using Json = nlohmann::ordered_json;

void put_bytes(Json& value, const std::string& name, const std::string& bytes) {
  if (base::is_utf8(bytes)) {
    value[name] = bytes;
  } else {
    value[name + "_base64"] = base::base64_encode(bytes);
  }
}

namespace {

Json header_json(const std::string& key, const std::string& text) {
  Json value{{"key", key}};
  put_bytes(value, "value", text);
  return value;
}

Json headers_json(const std::vector<Header>& headers) {
  auto list = Json::array();
  for (const auto& header : headers) list.push_back(header_json(header.key, header.value));
  return list;
}

Json headers_json(const Pairs& pairs) {
  auto list = Json::array();
  for (const auto& [key, value] : pairs) list.push_back(header_json(key, value));
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
  auto input = Json::object();
  put_bytes(input, "content", input_body(suite, invocation.input));
  return with_end({{"input", std::move(input)}}, invocation);
}

Json bodies(const Suite& suite, const std::vector<Invocation>& invocations) {
  auto list = Json::array();
  for (const auto& invocation : invocations) list.push_back(body_phase(suite, invocation));
  return list;
}

constexpr std::array<std::string_view, 7> kLevels{"UNDEFINED", "TRACE", "DEBUG",   "INFO",
                                                  "WARN",      "ERROR", "CRITICAL"};
constexpr std::array<std::string_view, 4> kFailures{"no", "connect", "timeout", "reset"};

Json callout(const Callout& given) {
  Json value = Json::object();
  if (!given.cluster.empty()) value["cluster"] = given.cluster;
  if (!given.path.empty()) value["path"] = given.path;
  if (given.failure != Failing::no)
    value["failure"] = kFailures[static_cast<std::size_t>(given.failure)];
  if (!given.header.empty()) value["header"] = headers_json(given.header);
  if (!given.content.empty()) put_bytes(value, "content", given.content);
  if (!given.trailer.empty()) value["trailer"] = headers_json(given.trailer);
  return value;
}

Json grpc_callout(const GrpcCallout& given) {
  Json value = Json::object();
  if (!given.cluster.empty()) value["cluster"] = given.cluster;
  if (!given.service.empty()) value["service"] = given.service;
  if (!given.method.empty()) value["method"] = given.method;
  if (given.failure != Failing::no)
    value["failure"] = kFailures[static_cast<std::size_t>(given.failure)];
  if (!given.header.empty()) value["header"] = headers_json(given.header);
  const bool is_text = std::ranges::all_of(given.message, base::is_utf8);
  for (const auto& message : given.message) {
    const auto* const name = is_text ? "message" : "message_base64";
    value[name].push_back(is_text ? message : base::base64_encode(message));
  }
  if (!given.trailer.empty()) value["trailer"] = headers_json(given.trailer);
  if (given.status != 0) value["status"] = given.status;
  if (!given.status_message.empty()) value["status_message"] = given.status_message;
  return value;
}

Json foreign_function(const ForeignFunction& given) {
  Json value{{"name", given.name}};
  if (given.argument) put_bytes(value, "argument", *given.argument);
  put_bytes(value, "content", given.content);
  if (given.status != Status::ok) value["status"] = to_string(given.status);
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
  if (env.log_level != SuiteLogLevel::undefined)
    value["log_level"] = kLevels[static_cast<std::size_t>(env.log_level)];
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
    Json property{{prefix.empty() ? "path" : "prefix", prefix.empty() ? path : prefix}};
    put_bytes(property, "value", given);
    value["properties"].push_back(std::move(property));
  }
  for (const auto& given : test.http_call) value["http_call"].push_back(callout(given));
  for (const auto& given : test.grpc_call) value["grpc_call"].push_back(grpc_callout(given));
  for (const auto& given : test.foreign_function)
    value["foreign_function"].push_back(foreign_function(given));
  for (const auto& [key, given] : test.shared_data) {
    Json entry{{"key", key}};
    put_bytes(entry, "value", given);
    value["shared_data"].push_back(std::move(entry));
  }
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
  if (test.time_ns) value["time_ns"] = *test.time_ns;
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
