// What both proxies have in common: a log that is kept, a clock that stands still until it is
// moved, and what VMs share. One root context and one stream at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/proxy.hpp"
#include "host/shared_state.hpp"
#include "host/vm.hpp"

namespace wasmctl::host {

inline constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;

inline constexpr ContextId kRootContext = 1;
inline constexpr ContextId kStreamContext = 2;

struct LogLine {
  ContextId context = kVmContext;
  LogLevel level = LogLevel::info;
  std::string message;
};

enum class Phase : std::uint8_t {
  plugin_init,
  stream_init,
  request_headers,
  request_metadata,
  request_body,
  request_trailers,
  response_headers,
  response_metadata,
  response_body,
  response_trailers,
  new_connection,
  downstream_data,
  upstream_data,
  downstream_close,
  upstream_close,
  stream_destroy,
  plugin_destroy,
};
std::string_view to_string(Phase phase);

enum class EndOfStream : std::uint8_t { no, yes };

// What a filter says of headers that came.
// Source: proxy-wasm-cpp-sdk, proxy_wasm_enums.h.
enum class HeadersStatus : std::uint8_t {
  proceed = 0,
  stop_iteration = 1,
  proceed_and_end_stream = 2,
  stop_all_and_buffer = 3,
  stop_all_and_watermark = 4,
};
std::string_view to_string(HeadersStatus status);

// What a callback of headers returned, as proxy-wasm-cpp-host reads it; none: there is no such
// callback.
HeadersStatus read_headers_status(const Vm& vm, std::optional<std::uint32_t> returned);

// A property's path, parts separated by zeros, as "a.b".
std::string dotted_path(std::string_view path);

// What a phase came to.
struct PhaseResult {
  HeadersStatus status = HeadersStatus::proceed;  // of Envoy: whether the stream waits in the end
  Pairs headers;  // what they have become; of a local response in their place
  std::string body;
  LocalResponse local;  // status 0: none
  std::optional<StreamType> close =
      std::nullopt;  // of which side the plugin asked that it be closed
};

struct ProxyOptions {
  LogLevel log_level = LogLevel::info;
  std::uint64_t time_ns = 0;  // since 1970
  std::string configuration;  // of the plugin
  Pairs properties;           // by path, parts separated by dots
  std::string vm_configuration;
  std::string root_id;
};

// What is kept of what a plugin logs in one test: more is a loop without end.
inline constexpr std::size_t kMostLogLines = 10'000;
inline constexpr std::size_t kMostLogBytes = 16U << 20U;

class LocalProxy : public Proxy {
 public:
  // `shared` must outlive it.
  LocalProxy(ProxyOptions options, SharedState& shared)
      : options_(std::move(options)), shared_(shared) {}

  // What was logged at the level of the options or above, in order.
  const std::vector<LogLine>& log_lines() const { return log_; }

  // Whether there was more than is kept.
  bool logs_without_end() const { return logs_without_end_; }

  void forget_log() {
    log_.clear();
    log_bytes_ = 0;
    logs_without_end_ = false;
  }

  // These call the VM: the root context is made and configured (false: it said no), the stream is
  // made, gets what it gets, and ends.
  bool start_plugin(Vm& vm);
  void start_stream(Vm& vm);
  virtual PhaseResult send_headers(Vm& vm, Phase phase, const Pairs& headers, EndOfStream end) = 0;
  virtual PhaseResult send_body(Vm& vm, Phase phase, std::string body, EndOfStream end) = 0;
  // None where the proxy has no trailers.
  virtual std::optional<PhaseResult> send_trailers(Vm& vm, Phase phase, const Pairs& trailers);
  // Lets time pass, and what is due happen. False: the proxy's clock stands.
  virtual bool advance(Vm& vm, std::uint64_t nanoseconds);
  virtual void end_stream(Vm& vm);
  void end_plugin(Vm& vm);

  bool has_context(ContextId id) const override { return id < next_context_; }
  std::uint64_t real_time() const override { return options_.time_ns; }
  std::uint64_t monotonic_time() const override { return options_.time_ns; }
  LogLevel log_level() const override { return options_.log_level; }
  void log(ContextId context, LogLevel level, std::string_view message) override;
  std::string random(std::size_t size) override;
  Status set_tick_period(ContextId context, std::uint32_t milliseconds) override;
  Answer<SharedValue> shared_data(std::string_view key) override;
  Status set_shared_data(std::string_view key, std::string_view value, std::uint32_t cas) override;
  std::uint32_t register_queue(ContextId context, std::string_view name) override;
  Answer<std::uint32_t> resolve_queue(std::string_view vm_id, std::string_view name) override;
  Answer<std::string> dequeue(std::uint32_t token) override;
  Status enqueue(std::uint32_t token, std::string_view value) override;

 protected:
  const ProxyOptions& options() const { return options_; }
  SharedState& shared() { return shared_; }
  // Within the callbacks that are about the plugin's configuration.
  bool is_configuring() const { return is_configuring_; }
  // The stream's context is gone.
  void forget_stream() { next_context_ = kStreamContext; }
  void set_time(std::uint64_t time_ns) { options_.time_ns = time_ns; }

 private:
  ProxyOptions options_;
  SharedState& shared_;
  std::vector<LogLine> log_;
  std::size_t log_bytes_ = 0;
  bool logs_without_end_ = false;
  ContextId next_context_ = kRootContext;
  bool is_configuring_ = false;
  std::uint64_t random_state_ = 0;
};

}  // namespace wasmctl::host
