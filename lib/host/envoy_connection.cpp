// What happens to streams as wholes: connections of TCP, and what continues and closes any stream.
#include <utility>

#include "host/envoy.hpp"

namespace wasmctl::host {

namespace {

// 0 lets a connection's data go on.
bool stops(const Vm& vm, std::optional<std::uint32_t> returned) {
  return vm.trap() || returned.value_or(0) != 0;
}

std::uint32_t bytes_in(std::string_view text) {
  return static_cast<std::uint32_t>(text.size());
}

}  // namespace

PhaseResult EnvoyProxy::open_connection(Vm& vm) {
  stream_.is_connection = true;
  stream_.downstream.is_paused = stops(vm, vm.call("proxy_on_new_connection", kStreamContext, {}));
  settle(vm);
  return result(stream_.downstream);
}

PhaseResult EnvoyProxy::send_data(Vm& vm, Phase phase, std::string_view data, EndOfStream end) {
  if (is_over()) return {};
  const bool is_downstream = phase == Phase::downstream_data;
  auto& way = is_downstream ? stream_.downstream : stream_.upstream;
  way.body += data;
  way.has_body = true;
  const bool ends = end == EndOfStream::yes;
  const auto returned =
      vm.call(is_downstream ? "proxy_on_downstream_data" : "proxy_on_upstream_data", kStreamContext,
              {bytes_in(way.body), ends ? 1U : 0U});
  way.is_paused = stops(vm, returned);
  close_by_plugin(vm);  // which still sees the data
  way.has_body = way.is_paused || stream_.is_closed;
  if (!way.is_paused && !stream_.is_closed) release(way);
  if (ends && !is_downstream && !stream_.is_closed) {
    vm.call("proxy_on_upstream_connection_close", kStreamContext,
            {static_cast<std::uint32_t>(CloseType::unknown)});
  }
  settle(vm);
  way.has_ended = way.has_ended || (ends && !way.is_paused);
  if (stream_.downstream.has_ended && stream_.upstream.has_ended)
    close_connection(vm, is_downstream ? CloseType::remote : CloseType::local);
  // Of a connection that the plugin closes, what it let go on does not.
  auto came = result(way);
  if (!stream_.close) came.body = std::exchange(way.released, {});
  return came;
}

void EnvoyProxy::release(Direction& way) {
  way.is_paused = false;
  way.released += std::exchange(way.body, {});
}

PhaseResult EnvoyProxy::close_connection(Vm& vm, CloseType by) {
  if (is_over()) return {};
  stream_.is_closed = true;
  vm.call("proxy_on_downstream_connection_close", kStreamContext, {static_cast<std::uint32_t>(by)});
  settle(vm);
  return {};
}

// A stream of HTTP is reset: it ends without any further callback of a message.
void EnvoyProxy::close_by_plugin(Vm& vm) {
  const auto side = std::exchange(stream_.waiting_close, std::nullopt);
  if (!side || stream_.is_closed) return;
  stream_.close = side;
  if (stream_.is_connection) {
    close_connection(vm, CloseType::local);
  } else {
    stream_.is_closed = true;
  }
}

Status EnvoyProxy::continue_stream(ContextId context, StreamType type) {
  if (type == StreamType::upstream) return Status::unimplemented;
  if (context != kStreamContext) return Status::ok;
  if (type == StreamType::downstream) {
    release(stream_.downstream);
    return Status::ok;
  }
  if (type == StreamType::response && !stream_.has_response)
    crashes_.emplace_back("it continues a response before there is one");
  auto& way = type == StreamType::request ? stream_.request : stream_.response;
  way.is_paused = false;
  way.is_continued = true;
  way.has_gone = true;
  way.has_headers = false;
  return Status::ok;
}

Status EnvoyProxy::close_stream(ContextId context, StreamType type) {
  const bool is_of_tcp = type == StreamType::downstream || type == StreamType::upstream;
  if (context == kStreamContext && is_of_tcp == stream_.is_connection) stream_.waiting_close = type;
  return Status::ok;
}

}  // namespace wasmctl::host
