#include "host/local_proxy.hpp"

#include <algorithm>
#include <array>

namespace wasmctl::host {

namespace {

constexpr std::array<std::string_view, 17> kPhases = {
    "plugin_init",   "stream_init",       "request_headers",  "request_metadata",
    "request_body",  "request_trailers",  "response_headers", "response_metadata",
    "response_body", "response_trailers", "new_connection",   "downstream_data",
    "upstream_data", "downstream_close",  "upstream_close",   "stream_destroy",
    "plugin_destroy"};
constexpr std::array<std::string_view, 5> kHeadersStatuses = {
    "Continue", "StopIteration", "ContinueAndEndStream", "StopAllIterationAndBuffer",
    "StopAllIterationAndWatermark"};

std::uint32_t size_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(bytes.size());
}

}  // namespace

std::string_view to_string(Phase phase) {
  return kPhases[static_cast<std::size_t>(phase)];
}

std::string_view to_string(HeadersStatus status) {
  return kHeadersStatuses[static_cast<std::size_t>(status)];
}

HeadersStatus read_headers_status(const Vm& vm, std::optional<std::uint32_t> returned) {
  if (vm.trap()) return HeadersStatus::stop_all_and_watermark;
  if (!returned) return HeadersStatus::proceed;
  const bool stops_all =
      vm.is_stopped() || *returned == static_cast<std::uint32_t>(HeadersStatus::stop_iteration) ||
      *returned > static_cast<std::uint32_t>(HeadersStatus::stop_all_and_watermark);
  return stops_all ? HeadersStatus::stop_all_and_watermark : static_cast<HeadersStatus>(*returned);
}

std::string dotted_path(std::string_view path) {
  std::string text;
  while (!path.empty()) {
    const auto end = std::min(path.find('\0'), path.size());
    if (end > 0) text.append(text.empty() ? "" : ".").append(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return text;
}

bool LocalProxy::start_plugin(Vm& vm) {
  next_context_ = kRootContext + 1;
  is_configuring_ = true;
  vm.call("proxy_on_context_create", kRootContext, {kVmContext});
  is_configuring_ = false;
  const auto started =
      vm.call("proxy_on_vm_start", kRootContext, {size_of(options_.vm_configuration)});
  if (vm.trap() || started.value_or(1) == 0) return false;
  is_configuring_ = true;
  const auto configured =
      vm.call("proxy_on_configure", kRootContext, {size_of(options_.configuration)});
  is_configuring_ = false;
  return !vm.trap() && configured.value_or(1) != 0;
}

void LocalProxy::start_stream(Vm& vm) {
  next_context_ = kStreamContext + 1;
  vm.call("proxy_on_context_create", kStreamContext, {kRootContext});
}

void LocalProxy::end_stream(Vm& vm) {
  for (const auto* callback : {"proxy_on_done", "proxy_on_log", "proxy_on_delete"})
    vm.call(callback, kStreamContext, {});
  forget_stream();
}

std::optional<PhaseResult> LocalProxy::send_trailers(Vm& /*vm*/, Phase /*phase*/,
                                                     const Pairs& /*trailers*/) {
  return std::nullopt;
}

bool LocalProxy::advance(Vm& /*vm*/, std::uint64_t /*nanoseconds*/) {
  return false;
}

// A root context that is not done yet is left as it is.
void LocalProxy::end_plugin(Vm& vm) {
  if (vm.call("proxy_on_done", kRootContext, {}).value_or(1) != 0)
    vm.call("proxy_on_delete", kRootContext, {});
}

void LocalProxy::log(ContextId context, LogLevel level, std::string_view message) {
  if (level < options_.log_level) return;
  logs_without_end_ = logs_without_end_ || log_.size() >= kMostLogLines ||
                      log_bytes_ + message.size() > kMostLogBytes;
  if (logs_without_end_) return;
  log_bytes_ += message.size();
  log_.push_back({context, level, std::string(message)});
}

// The same bytes in each run (SplitMix64; G. Steele, D. Lea, C. Flood, OOPSLA 2014).
std::string LocalProxy::random(std::size_t size) {
  std::string bytes;
  bytes.reserve(size);
  while (bytes.size() < size) {
    auto value = random_state_ += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111eb;
    value ^= value >> 31U;
    bytes.append(little_endian(value), 0, size - bytes.size());
  }
  return bytes;
}

Status LocalProxy::set_tick_period(ContextId /*context*/, std::uint32_t /*milliseconds*/) {
  return Status::ok;
}

Answer<SharedValue> LocalProxy::shared_data(std::string_view key) {
  return shared_.get(key);
}

Status LocalProxy::set_shared_data(std::string_view key, std::string_view value,
                                   std::uint32_t cas) {
  return shared_.set(key, value, cas);
}

std::uint32_t LocalProxy::register_queue(ContextId /*context*/, std::string_view name) {
  return shared_.register_queue(kRootContext, name);
}

Answer<std::uint32_t> LocalProxy::resolve_queue(std::string_view /*vm_id*/, std::string_view name) {
  return shared_.resolve_queue(name);
}

Answer<std::string> LocalProxy::dequeue(std::uint32_t token) {
  return shared_.dequeue(token);
}

Status LocalProxy::enqueue(std::uint32_t token, std::string_view value) {
  return shared_.enqueue(token, value);
}

}  // namespace wasmctl::host
