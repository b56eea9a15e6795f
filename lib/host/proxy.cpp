#include "host/proxy.hpp"

namespace wasmctl::host {

// What proxy-wasm-cpp-host's ContextBase answers where a proxy has nothing of its own.

Status Proxy::set_property(ContextId /*context*/, std::string_view /*path*/,
                           std::string_view /*value*/) {
  return Status::unimplemented;
}

std::pair<std::uint32_t, std::string> Proxy::last_status(ContextId /*context*/) {
  return {1, "unimplmemented"};  // sic
}

std::string Proxy::configuration(ContextId /*context*/) {
  return {};
}

Status Proxy::continue_stream(ContextId /*context*/, StreamType /*type*/) {
  return Status::unimplemented;
}

Status Proxy::close_stream(ContextId /*context*/, StreamType /*type*/) {
  return Status::unimplemented;
}

void Proxy::clear_route_cache(ContextId /*context*/) {}

Status Proxy::done(ContextId /*context*/) {
  return Status::not_found;
}

// NOLINTBEGIN(performance-unnecessary-value-param): who takes a call keeps it
Answer<std::uint32_t> Proxy::http_call(ContextId /*context*/, HttpCall /*call*/) {
  return Status::unimplemented;
}

Answer<std::uint32_t> Proxy::grpc_call(ContextId /*context*/, GrpcCall /*call*/) {
  return Status::unimplemented;
}

Answer<std::uint32_t> Proxy::grpc_stream(ContextId /*context*/, GrpcCall /*call*/) {
  return Status::unimplemented;
}
// NOLINTEND(performance-unnecessary-value-param)

Status Proxy::grpc_send(std::uint32_t /*token*/, std::string_view /*message*/,
                        bool /*end_of_stream*/) {
  return Status::unimplemented;
}

Status Proxy::grpc_cancel(std::uint32_t /*token*/) {
  return Status::unimplemented;
}

Status Proxy::grpc_close(std::uint32_t /*token*/) {
  return Status::unimplemented;
}

Answer<std::uint32_t> Proxy::define_metric(MetricType /*type*/, std::string_view /*name*/) {
  return Status::unimplemented;
}

Status Proxy::increment_metric(std::uint32_t /*metric*/, std::int64_t /*by*/) {
  return Status::unimplemented;
}

Status Proxy::record_metric(std::uint32_t /*metric*/, std::uint64_t /*value*/) {
  return Status::unimplemented;
}

Answer<std::uint64_t> Proxy::metric(std::uint32_t /*metric*/) {
  return Status::unimplemented;
}

Answer<std::string> Proxy::call_foreign_function(ContextId /*context*/, std::string_view /*name*/,
                                                 std::string_view /*argument*/) {
  return Status::not_found;
}

}  // namespace wasmctl::host
