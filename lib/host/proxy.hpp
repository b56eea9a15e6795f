// What a proxy does for a module: the meaning of the host calls, once their arguments have been
// read from the module's memory. Two proxies exist: Google's plugin tester (tester.hpp) and Envoy
// (envoy.hpp). What one does not have answers unimplemented.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "host/abi.hpp"
#include "host/header_map.hpp"

namespace wasmctl::host {

// As the host numbers them: 0 is the VM itself, 1 the root context, then streams.
using ContextId = std::uint32_t;
inline constexpr ContextId kVmContext = 0;

// A value, or why there is none.
template <typename T>
using Answer = std::variant<T, Status>;

enum class Access : std::uint8_t { read, read_all, write };

// Bytes that a module may read in parts.
struct Buffer {
  std::string_view bytes;
  // Puts `data` in the place of the `size` bytes from `start` on, as far as they are there. None:
  // it cannot be written.
  std::function<Status(std::size_t start, std::size_t size, std::string_view data)> replace;
};

struct LocalResponse {
  std::uint32_t status = 0;  // of HTTP
  std::string details;
  std::string body;
  Pairs headers;
  std::uint32_t grpc_status = 0;
};

struct HttpCall {
  std::string cluster;
  Pairs headers;
  std::string body;
  Pairs trailers;
  std::uint32_t timeout_ms = 0;
};

struct GrpcCall {
  std::string service;  // the cluster, or a serialized GrpcService
  std::string name;     // of the service in the protocol
  std::string method;
  Pairs metadata;
  std::string message;  // of a call; a stream sends its messages later
  std::uint32_t timeout_ms = 0;
};

struct SharedValue {
  std::string bytes;
  std::uint32_t cas = 0;
};

class Proxy {
 public:
  Proxy() = default;
  virtual ~Proxy() = default;
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  virtual bool has_context(ContextId id) const = 0;
  // Nanoseconds: since 1970, and since some moment.
  virtual std::uint64_t real_time() const = 0;
  virtual std::uint64_t monotonic_time() const = 0;
  virtual LogLevel log_level() const = 0;
  virtual void log(ContextId context, LogLevel level, std::string_view message) = 0;
  // `size` bytes that the module may take for random.
  virtual std::string random(std::size_t size) = 0;

  // Where the map or buffer is not there now, the status that a host call answers then.
  virtual Answer<HeaderMap*> map(ContextId context, MapType type, Access access) = 0;
  virtual Answer<Buffer> buffer(ContextId context, BufferType type) = 0;
  virtual Answer<std::string> property(ContextId context, std::string_view path) = 0;
  virtual Status set_property(ContextId context, std::string_view path, std::string_view value);
  virtual std::pair<std::uint32_t, std::string> last_status(ContextId context);
  virtual std::string configuration(ContextId context);  // of ABI 0.1.0

  // Afterwards the module's callbacks that it is called from count as paused.
  virtual void send_local_response(ContextId context, LocalResponse response) = 0;
  virtual Status continue_stream(ContextId context, StreamType type);
  virtual Status close_stream(ContextId context, StreamType type);
  virtual void clear_route_cache(ContextId context);
  virtual Status done(ContextId context);

  virtual Status set_tick_period(ContextId context, std::uint32_t milliseconds) = 0;
  virtual Answer<SharedValue> shared_data(std::string_view key) = 0;
  virtual Status set_shared_data(std::string_view key, std::string_view value,
                                 std::uint32_t cas) = 0;
  // Answer the queue's token.
  virtual std::uint32_t register_queue(ContextId context, std::string_view name) = 0;
  virtual Answer<std::uint32_t> resolve_queue(std::string_view vm_id, std::string_view name) = 0;
  virtual Answer<std::string> dequeue(std::uint32_t token) = 0;
  virtual Status enqueue(std::uint32_t token, std::string_view value) = 0;

  // Answer the call's token.
  virtual Answer<std::uint32_t> http_call(ContextId context, HttpCall call);
  virtual Answer<std::uint32_t> grpc_call(ContextId context, GrpcCall call);
  virtual Answer<std::uint32_t> grpc_stream(ContextId context, GrpcCall call);
  virtual Status grpc_send(std::uint32_t token, std::string_view message, bool end_of_stream);
  virtual Status grpc_cancel(std::uint32_t token);
  virtual Status grpc_close(std::uint32_t token);

  // Answers the metric's number.
  virtual Answer<std::uint32_t> define_metric(MetricType type, std::string_view name);
  virtual Status increment_metric(std::uint32_t metric, std::int64_t by);
  virtual Status record_metric(std::uint32_t metric, std::uint64_t value);
  virtual Answer<std::uint64_t> metric(std::uint32_t metric);

  // Answers what the function returns.
  virtual Answer<std::string> call_foreign_function(ContextId context, std::string_view name,
                                                    std::string_view argument);
};

}  // namespace wasmctl::host
