#include "trial/left_out.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "host/suite/input.hpp"
#include "trial/callouts.hpp"
#include "trial/wire.hpp"

namespace wasmctl::trial {

namespace {

using host::Invocation;
using host::Test;

std::vector<const Invocation*> invocations_of(const Test& test) {
  std::vector<const Invocation*> all;
  const auto add = [&](const std::optional<Invocation>& one) {
    if (one) all.push_back(&*one);
  };
  add(test.request_headers);
  for (const auto& one : test.request_body) all.push_back(&one);
  add(test.request_trailers);
  add(test.response_headers);
  for (const auto& one : test.response_body) all.push_back(&one);
  add(test.response_trailers);
  add(test.new_connection);
  for (const auto& event : test.connection) {
    add(event.downstream_data);
    add(event.upstream_data);
    add(event.downstream_close);
    add(event.upstream_close);
  }
  return all;
}

bool any_invocation(const Test& test, const std::function<bool(const Invocation&)>& is_such) {
  return std::ranges::any_of(invocations_of(test),
                             [&](const Invocation* one) { return is_such(*one); });
}

bool advances(const Test& test) {
  return any_invocation(test, [](const auto& one) { return one.advance_ms.has_value(); });
}

bool asks_for_grpc_status(const Test& test) {
  return any_invocation(test, [](const auto& one) {
    return one.result.immediate && one.result.immediate->grpc_status;
  });
}

// A cluster that is there for some paths only: a connection is made for all or for none.
bool has_half_a_cluster(const Test& test) {
  std::map<std::string, bool> is_dead;
  return std::ranges::any_of(test.http_call, [&](const host::Callout& given) {
    const bool dead = given.failure == host::Failing::connect;
    return is_dead.try_emplace(given.cluster, dead).first->second != dead;
  });
}

// Configurations may be any bytes.
bool has_name_of_no_text(const host::Suite& suite, const Test& test) {
  const auto is_text = [](const std::string& text) { return base::is_utf8(text); };
  const auto is_text_pair = [](const host::Variable& variable) {
    return base::is_utf8(variable.name) && base::is_utf8(variable.value);
  };
  return !is_text(suite.env.root_id) || !std::ranges::all_of(suite.env.environment, is_text_pair) ||
         !std::ranges::all_of(test.http_call, is_text, &host::Callout::cluster);
}

struct Limit {
  std::function<bool(const host::Suite&, const Test&)> applies;
  const char* why;
};

const std::vector<Limit>& limits() {
  static const std::vector<Limit> kLimits = {
      {[](const auto& suite, const auto& test) {
         return suite.env.time_secs.value_or(0) != 0 || test.time_ns;
       },
       "the clock is Envoy's own (time_secs, time_ns)"},
      {[](const auto&, const auto& test) { return advances(test); },
       "time passes by itself (advance_ms)"},
      {[](const auto&, const auto& test) { return !test.properties.empty(); },
       "Envoy has properties of its own (properties)"},
      {[](const auto&, const auto& test) { return !test.shared_data.empty(); },
       "shared data are the plugin's alone (shared_data)"},
      {[](const auto&, const auto& test) { return !test.foreign_function.empty(); },
       "Envoy has foreign functions of its own (foreign_function)"},
      {[](const auto&, const auto& test) { return !test.grpc_call.empty(); },
       "there is no gRPC server that answers (grpc_call)"},
      {[](const auto&, const auto& test) {
         return test.request_metadata.has_value() || test.response_metadata.has_value();
       },
       "HTTP/1 has no METADATA (request_metadata, response_metadata)"},
      {[](const auto&, const auto& test) { return asks_for_grpc_status(test); },
       "a client of HTTP/1 sees no status of gRPC (grpc_status)"},
      {[](const auto&, const auto& test) {
         return !std::ranges::all_of(test.http_call, is_of_http1);
       },
       "HTTP/1 has no such status (http_call)"},
      {[](const auto&, const auto& test) { return has_half_a_cluster(test); },
       "a cluster is there or not, whatever the path (failure: connect)"},
      {has_name_of_no_text,
       "Envoy's own configuration is UTF-8 (root_id, environment, http_call: cluster)"},
  };
  return kLimits;
}

}  // namespace

std::string why_left_out(const host::Suite& suite, const Test& test) {
  for (const auto& [applies, why] : limits()) {
    if (applies(suite, test)) return why;
  }
  if (test.refuses || host::is_of_tcp(test)) return {};
  try {
    http_steps(suite, test);
  } catch (const Error& error) {
    return error.message();
  }
  return {};
}

std::vector<std::string> not_compared(const Test& test) {
  std::vector<std::string> parts;
  if (test.strict) parts.emplace_back("strict: what Envoy is asked for is not seen");
  return parts;
}

}  // namespace wasmctl::trial
