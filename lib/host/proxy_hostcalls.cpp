// The host calls of Proxy-Wasm. Source: proxy-wasm-cpp-host, src/exports.cc.
#include <algorithm>
#include <array>

#include "host/hostcalls.hpp"

namespace wasmctl::host {

namespace {

using Call = const HostcallArguments&;

constexpr std::uint32_t number(Status status) {
  return static_cast<std::uint32_t>(status);
}

constexpr auto kOk = number(Status::ok);
constexpr auto kBadArgument = number(Status::bad_argument);
constexpr auto kInvalidMemoryAccess = number(Status::invalid_memory_access);

template <typename Int>
std::uint32_t write_number(Vm& vm, std::uint32_t address, Int value) {
  return vm.write(address, little_endian(value)) ? kOk : kInvalidMemoryAccess;
}

// Bytes that the module gets to own: address and size go where the two last arguments say.
std::uint32_t give(Vm& vm, std::string_view bytes, std::uint32_t address_at,
                   std::uint32_t size_at) {
  const auto address = vm.allocate(bytes);
  if (address == 0 && !bytes.empty()) return kInvalidMemoryAccess;
  const bool written = vm.write(address_at, little_endian(address)) &&
                       vm.write(size_at, little_endian(static_cast<std::uint32_t>(bytes.size())));
  return written ? kOk : kInvalidMemoryAccess;
}

template <typename T>
std::uint32_t status_of(const Answer<T>& answer) {
  return number(std::get<Status>(answer));
}

template <typename T>
bool failed(const Answer<T>& answer) {
  return std::holds_alternative<Status>(answer);
}

// The argument as one of an enumeration, unless it is beyond its last.
template <typename Enum>
std::optional<Enum> choice(std::uint32_t argument, Enum last) {
  if (argument > static_cast<std::uint32_t>(last)) return std::nullopt;
  return static_cast<Enum>(argument);
}

// --- Logging, time and state

std::uint32_t log(Call call) {
  const auto level = choice(call.u32(0), kLastLogLevel);
  if (!level) return kBadArgument;
  const auto message = call.bytes(1);
  if (!message) return kInvalidMemoryAccess;
  call.vm().proxy().log(call.vm().context(), *level, *message);
  return kOk;
}

std::uint32_t get_log_level(Call call) {
  return write_number(call.vm(), call.u32(0),
                      static_cast<std::uint32_t>(call.vm().proxy().log_level()));
}

std::uint32_t get_status(Call call) {
  const auto [code, text] = call.vm().proxy().last_status(call.vm().context());
  const auto result = write_number(call.vm(), call.u32(0), code);
  return result == kOk ? give(call.vm(), text, call.u32(1), call.u32(2)) : result;
}

std::uint32_t get_current_time(Call call) {
  return write_number(call.vm(), call.u32(0), call.vm().proxy().real_time());
}

std::uint32_t set_tick_period(Call call) {
  return number(call.vm().proxy().set_tick_period(call.vm().context(), call.u32(0)));
}

std::uint32_t get_property(Call call) {
  const auto path = call.bytes(0);
  if (!path) return kInvalidMemoryAccess;
  const auto value = call.vm().proxy().property(call.vm().context(), *path);
  if (failed(value)) return status_of(value);
  return give(call.vm(), std::get<std::string>(value), call.u32(2), call.u32(3));
}

std::uint32_t set_property(Call call) {
  const auto path = call.bytes(0);
  const auto value = call.bytes(2);
  if (!path || !value) return kInvalidMemoryAccess;
  return number(call.vm().proxy().set_property(call.vm().context(), *path, *value));
}

std::uint32_t get_configuration(Call call) {
  const auto text = call.vm().proxy().configuration(call.vm().context());
  return give(call.vm(), text, call.u32(0), call.u32(1));
}

std::uint32_t set_effective_context(Call call) {
  return call.vm().set_effective_context(call.u32(0)) ? kOk : kBadArgument;
}

std::uint32_t done(Call call) {
  return number(call.vm().proxy().done(call.vm().context()));
}

std::uint32_t call_foreign_function(Call call) {
  const auto name = call.bytes(0);
  const auto argument = call.bytes(2);
  if (!name || !argument) return kInvalidMemoryAccess;
  const auto value = call.vm().proxy().call_foreign_function(call.vm().context(), *name, *argument);
  if (failed(value)) return status_of(value);
  const auto& bytes = std::get<std::string>(value);
  // Who gives no place for the result does not want it.
  const auto address_at = call.u32(4);
  const auto size_at = call.u32(5);
  if (address_at != 0) {
    const auto address = call.vm().allocate(bytes);
    if (address == 0 && !bytes.empty()) return kInvalidMemoryAccess;
    if (!call.vm().write(address_at, little_endian(address))) return kInvalidMemoryAccess;
  }
  if (size_at == 0) return kOk;
  return write_number(call.vm(), size_at, static_cast<std::uint32_t>(bytes.size()));
}

// --- Streams

std::uint32_t continue_request(Call call) {
  return number(call.vm().proxy().continue_stream(call.vm().context(), StreamType::request));
}

std::uint32_t continue_response(Call call) {
  return number(call.vm().proxy().continue_stream(call.vm().context(), StreamType::response));
}

std::uint32_t clear_route_cache(Call call) {
  call.vm().proxy().clear_route_cache(call.vm().context());
  return kOk;
}

std::uint32_t continue_stream(Call call) {
  const auto type = choice(call.u32(0), kLastStreamType);
  if (!type) return kBadArgument;
  return number(call.vm().proxy().continue_stream(call.vm().context(), *type));
}

std::uint32_t close_stream(Call call) {
  const auto type = choice(call.u32(0), kLastStreamType);
  if (!type) return kBadArgument;
  return number(call.vm().proxy().close_stream(call.vm().context(), *type));
}

// It always answers Ok, whatever becomes of the response.
std::uint32_t send_local_response(Call call) {
  const auto details = call.bytes(1);
  const auto body = call.bytes(3);
  const auto headers = call.bytes(5);
  if (!details || !body || !headers) return kInvalidMemoryAccess;
  call.vm().proxy().send_local_response(
      call.vm().context(),
      {call.u32(0), std::string(*details), std::string(*body), read_pairs(*headers), call.u32(7)});
  call.vm().stop_iteration();
  return kOk;
}

// --- Headers, trailers and metadata

// Calls `use` with the map that argument 0 names, if it is there.
template <typename Use>
std::uint32_t with_map(Call call, Access access, const Use& use) {
  const auto type = choice(call.u32(0), kLastMapType);
  if (!type) return kBadArgument;
  const auto map = call.vm().proxy().map(call.vm().context(), *type, access);
  if (failed(map)) return status_of(map);
  return use(*std::get<HeaderMap*>(map));
}

// Envoy asks for a map that can be written.
std::uint32_t get_map_size(Call call) {
  return with_map(call, Access::write, [&](const HeaderMap& map) {
    return write_number(call.vm(), call.u32(1), static_cast<std::uint32_t>(map.size_for_module()));
  });
}

std::uint32_t get_map_pairs(Call call) {
  return with_map(call, Access::read_all, [&](const HeaderMap& map) {
    const auto bytes = map.pairs().empty() ? std::string() : write_pairs(map.pairs());
    return give(call.vm(), bytes, call.u32(1), call.u32(2));
  });
}

std::uint32_t set_map_pairs(Call call) {
  const auto bytes = call.bytes(1);
  if (!bytes) return kInvalidMemoryAccess;
  return with_map(call, Access::write, [&](HeaderMap& map) {
    map.assign(read_pairs(*bytes));
    return kOk;
  });
}

std::uint32_t get_map_value(Call call) {
  const auto name = call.bytes(1);
  if (!name) return kInvalidMemoryAccess;
  return with_map(call, Access::read, [&](const HeaderMap& map) {
    const auto value = map.get(*name);
    if (!value) return number(Status::not_found);
    return give(call.vm(), std::string(*value), call.u32(3), call.u32(4));
  });
}

std::uint32_t add_map_value(Call call) {
  const auto name = call.bytes(1);
  const auto value = call.bytes(3);
  if (!name || !value) return kInvalidMemoryAccess;
  return with_map(call, Access::write, [&](HeaderMap& map) {
    map.add(*name, *value);
    return kOk;
  });
}

std::uint32_t replace_map_value(Call call) {
  const auto name = call.bytes(1);
  const auto value = call.bytes(3);
  if (!name || !value) return kInvalidMemoryAccess;
  return with_map(call, Access::write, [&](HeaderMap& map) {
    map.replace(*name, *value);
    return kOk;
  });
}

std::uint32_t remove_map_value(Call call) {
  const auto name = call.bytes(1);
  if (!name) return kInvalidMemoryAccess;
  return with_map(call, Access::write, [&](HeaderMap& map) {
    map.remove(*name);
    return kOk;
  });
}

// --- Bodies and other buffers

template <typename Use>
std::uint32_t with_buffer(Call call, const Use& use) {
  const auto type = choice(call.u32(0), kLastBufferType);
  if (!type) return kBadArgument;
  const auto buffer = call.vm().proxy().buffer(call.vm().context(), *type);
  if (failed(buffer)) return status_of(buffer);
  return use(std::get<Buffer>(buffer));
}

std::uint32_t get_buffer_status(Call call) {
  return with_buffer(call, [&](const Buffer& buffer) {
    const auto size = static_cast<std::uint32_t>(buffer.bytes.size());
    const auto result = write_number(call.vm(), call.u32(1), size);
    return result == kOk ? write_number(call.vm(), call.u32(2), std::uint32_t{0}) : result;
  });
}

// Of nothing, neither address nor size is written.
std::uint32_t get_buffer_bytes(Call call) {
  return with_buffer(call, [&](const Buffer& buffer) {
    const std::uint32_t start = call.u32(1);
    if (start > start + call.u32(2)) return kBadArgument;
    const auto from = std::min<std::size_t>(start, buffer.bytes.size());
    const auto part = buffer.bytes.substr(from, call.u32(2));
    return part.empty() ? kOk : give(call.vm(), part, call.u32(3), call.u32(4));
  });
}

std::uint32_t set_buffer_bytes(Call call) {
  return with_buffer(call, [&](const Buffer& buffer) {
    const auto data = call.bytes(3);
    if (!data) return kInvalidMemoryAccess;
    if (!buffer.replace) return kBadArgument;
    return number(buffer.replace(call.u32(1), call.u32(2), *data));
  });
}

// --- Shared data and queues

std::uint32_t get_shared_data(Call call) {
  const auto key = call.bytes(0);
  if (!key) return kInvalidMemoryAccess;
  const auto value = call.vm().proxy().shared_data(*key);
  if (failed(value)) return status_of(value);
  const auto& [bytes, cas] = std::get<SharedValue>(value);
  const auto result = give(call.vm(), bytes, call.u32(2), call.u32(3));
  return result == kOk ? write_number(call.vm(), call.u32(4), cas) : result;
}

std::uint32_t set_shared_data(Call call) {
  const auto key = call.bytes(0);
  const auto value = call.bytes(2);
  if (!key || !value) return kInvalidMemoryAccess;
  return number(call.vm().proxy().set_shared_data(*key, *value, call.u32(4)));
}

std::uint32_t register_shared_queue(Call call) {
  const auto name = call.bytes(0);
  if (!name) return kInvalidMemoryAccess;
  const auto token = call.vm().proxy().register_queue(call.vm().context(), *name);
  return write_number(call.vm(), call.u32(2), token);
}

// Writes the number that a call answers to argument `at`.
std::uint32_t finish(Call call, std::size_t at, const Answer<std::uint32_t>& answer) {
  if (failed(answer)) return status_of(answer);
  return write_number(call.vm(), call.u32(at), std::get<std::uint32_t>(answer));
}

std::uint32_t resolve_shared_queue(Call call) {
  const auto vm_id = call.bytes(0);
  const auto name = call.bytes(2);
  if (!vm_id || !name) return kInvalidMemoryAccess;
  return finish(call, 4, call.vm().proxy().resolve_queue(*vm_id, *name));
}

std::uint32_t dequeue_shared_queue(Call call) {
  const auto value = call.vm().proxy().dequeue(call.u32(0));
  if (failed(value)) return status_of(value);
  return give(call.vm(), std::get<std::string>(value), call.u32(1), call.u32(2));
}

std::uint32_t enqueue_shared_queue(Call call) {
  const auto value = call.bytes(1);
  if (!value) return kInvalidMemoryAccess;
  return number(call.vm().proxy().enqueue(call.u32(0), *value));
}

// --- Calls to other services

std::uint32_t http_call(Call call) {
  const auto cluster = call.bytes(0);
  const auto headers = call.bytes(2);
  const auto body = call.bytes(4);
  const auto trailers = call.bytes(6);
  const auto token_at = call.u32(9);
  if (!cluster || !headers || !body || !trailers) return kInvalidMemoryAccess;
  // Before anything is sent, to see whether the place can be written.
  if (write_number(call.vm(), token_at, std::uint32_t{0}) != kOk) return kInvalidMemoryAccess;
  return finish(call, 9,
                call.vm().proxy().http_call(
                    call.vm().context(), {std::string(*cluster), read_pairs(*headers),
                                          std::string(*body), read_pairs(*trailers), call.u32(8)}));
}

std::uint32_t grpc_call(Call call) {
  const auto service = call.bytes(0);
  const auto name = call.bytes(2);
  const auto method = call.bytes(4);
  const auto metadata = call.bytes(6);
  const auto message = call.bytes(8);
  if (!service || !name || !method || !metadata || !message) return kInvalidMemoryAccess;
  return finish(
      call, 11,
      call.vm().proxy().grpc_call(call.vm().context(),
                                  {std::string(*service), std::string(*name), std::string(*method),
                                   read_pairs(*metadata), std::string(*message), call.u32(10)}));
}

std::uint32_t grpc_stream(Call call) {
  const auto service = call.bytes(0);
  const auto name = call.bytes(2);
  const auto method = call.bytes(4);
  const auto metadata = call.bytes(6);
  if (!service || !name || !method || !metadata) return kInvalidMemoryAccess;
  return finish(call, 8,
                call.vm().proxy().grpc_stream(call.vm().context(), {std::string(*service),
                                                                    std::string(*name),
                                                                    std::string(*method),
                                                                    read_pairs(*metadata),
                                                                    {},
                                                                    0}));
}

std::uint32_t grpc_send(Call call) {
  const auto message = call.bytes(1);
  if (!message) return kInvalidMemoryAccess;
  return number(call.vm().proxy().grpc_send(call.u32(0), *message, call.u32(3) != 0));
}

std::uint32_t grpc_cancel(Call call) {
  return number(call.vm().proxy().grpc_cancel(call.u32(0)));
}

std::uint32_t grpc_close(Call call) {
  return number(call.vm().proxy().grpc_close(call.u32(0)));
}

// --- Metrics

std::uint32_t define_metric(Call call) {
  const auto type = choice(call.u32(0), kLastMetricType);
  const auto name = call.bytes(1);
  if (!name) return kInvalidMemoryAccess;
  if (!type) return kBadArgument;
  return finish(call, 3, call.vm().proxy().define_metric(*type, *name));
}

std::uint32_t increment_metric(Call call) {
  return number(
      call.vm().proxy().increment_metric(call.u32(0), static_cast<std::int64_t>(call.u64(1))));
}

std::uint32_t record_metric(Call call) {
  return number(call.vm().proxy().record_metric(call.u32(0), call.u64(1)));
}

std::uint32_t get_metric(Call call) {
  const auto value = call.vm().proxy().metric(call.u32(0));
  if (failed(value)) return status_of(value);
  return write_number(call.vm(), call.u32(1), std::get<std::uint64_t>(value));
}

// --- Emscripten's runtime and Envoy's own

std::uint32_t pthread_equal(Call call) {
  return call.u32(0) == call.u32(1) ? 1 : 0;
}

std::uint32_t nothing(Call /*call*/) {
  return 0;
}

std::uint32_t unimplemented(Call /*call*/) {
  return number(Status::unimplemented);
}

constexpr HostcallRow kRows[] = {
    {"proxy_log", log, "Lt."},
    {"proxy_get_log_level", get_log_level, "o"},
    {"proxy_get_status", get_status, "oa."},
    {"proxy_get_current_time_nanoseconds", get_current_time, "O"},
    {"proxy_set_tick_period_milliseconds", set_tick_period, "n"},
    {"proxy_get_property", get_property, "t.A."},
    {"proxy_set_property", set_property, "t.v."},
    {"proxy_get_configuration", get_configuration, "C."},
    {"proxy_set_effective_context", set_effective_context, "n"},
    {"proxy_done", done, ""},
    {"proxy_call_foreign_function", call_foreign_function, "t.t.a."},
    {"proxy_continue_request", continue_request, ""},
    {"proxy_continue_response", continue_response, ""},
    {"proxy_clear_route_cache", clear_route_cache, ""},
    {"proxy_continue_stream", continue_stream, "S"},
    {"proxy_close_stream", close_stream, "S"},
    {"proxy_send_local_response", send_local_response, "nt.t.p.n"},
    {"proxy_get_header_map_size", get_map_size, "Mo"},
    {"proxy_get_header_map_pairs", get_map_pairs, "MP."},
    {"proxy_set_header_map_pairs", set_map_pairs, "Mp."},
    {"proxy_get_header_map_value", get_map_value, "Mt.A."},
    {"proxy_add_header_map_value", add_map_value, "Mt.v."},
    {"proxy_replace_header_map_value", replace_map_value, "Mt.v."},
    {"proxy_remove_header_map_value", remove_map_value, "Mt."},
    {"proxy_get_buffer_status", get_buffer_status, "Boo"},
    {"proxy_get_buffer_bytes", get_buffer_bytes, "BnnD."},
    {"proxy_set_buffer_bytes", set_buffer_bytes, "Bnnt."},
    {"proxy_get_shared_data", get_shared_data, "t.a.o"},
    {"proxy_set_shared_data", set_shared_data, "t.t.n"},
    {"proxy_register_shared_queue", register_shared_queue, "t.o"},
    {"proxy_resolve_shared_queue", resolve_shared_queue, "t.t.o"},
    {"proxy_dequeue_shared_queue", dequeue_shared_queue, "na."},
    {"proxy_enqueue_shared_queue", enqueue_shared_queue, "nt."},
    {"proxy_http_call", http_call, "t.p.t.p.no"},
    {"proxy_grpc_call", grpc_call, "t.t.t.p.t.no"},
    {"proxy_grpc_stream", grpc_stream, "t.t.t.p.o"},
    {"proxy_grpc_send", grpc_send, "nt.n"},
    {"proxy_grpc_cancel", grpc_cancel, "n"},
    {"proxy_grpc_close", grpc_close, "n"},
    {"proxy_define_metric", define_metric, "nt.o"},
    {"proxy_increment_metric", increment_metric, "nN"},
    {"proxy_record_metric", record_metric, "nN"},
    {"proxy_get_metric", get_metric, "nO"},
    {"pthread_equal", pthread_equal},
    {"emscripten_notify_memory_growth", nothing},
    {"envoy_resolve_dns", unimplemented},
};

}  // namespace

std::span<const HostcallRow> proxy_hostcalls() {
  return kRows;
}

Hostcall implementation(const wasm::HostFunction& function) {
  const auto rows = function.module == "wasi" ? wasi_hostcalls() : proxy_hostcalls();
  const auto row = std::ranges::find(rows, function.name, &HostcallRow::name);
  return row == rows.end() ? Hostcall() : Hostcall(row->function);
}

}  // namespace wasmctl::host
