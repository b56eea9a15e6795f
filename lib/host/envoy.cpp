#include "host/envoy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace wasmctl::host {

namespace {

// Between the numbers of HTTP calls are those of gRPC (envoy_grpc.cpp).
constexpr std::uint32_t kTokenStep = 4;

// What a callback of a body or of trailers returns: 0 lets it go on.
enum class DataStatus : std::uint8_t {
  proceed,
  stop_and_buffer,
  stop_and_watermark,
  stop_no_buffer
};

DataStatus data_status(const Vm& vm, std::optional<std::uint32_t> returned) {
  if (!returned && !vm.trap()) return DataStatus::proceed;
  const auto value = returned.value_or(UINT32_MAX);
  if (vm.is_stopped() || value > static_cast<std::uint32_t>(DataStatus::stop_no_buffer))
    return DataStatus::stop_no_buffer;
  return static_cast<DataStatus>(value);
}

struct Callbacks {
  Phase phase;
  const char* name;
};

constexpr std::array kCallbacks{
    Callbacks{Phase::request_headers, "proxy_on_request_headers"},
    Callbacks{Phase::request_body, "proxy_on_request_body"},
    Callbacks{Phase::request_trailers, "proxy_on_request_trailers"},
    Callbacks{Phase::response_headers, "proxy_on_response_headers"},
    Callbacks{Phase::response_body, "proxy_on_response_body"},
    Callbacks{Phase::response_trailers, "proxy_on_response_trailers"},
    Callbacks{Phase::request_metadata, "proxy_on_request_metadata"},
    Callbacks{Phase::response_metadata, "proxy_on_response_metadata"},
};

const char* callback_of(Phase phase) {
  return std::ranges::find(kCallbacks, phase, &Callbacks::phase)->name;
}

std::uint32_t number(EndOfStream end) {
  return end == EndOfStream::yes ? 1 : 0;
}

template <typename Container>
std::uint32_t count(const Container& container) {
  return static_cast<std::uint32_t>(container.size());
}

// What Envoy's client gives where the service gives nothing.
ClusterAnswer failed_answer(CallFailure failure) {
  const bool is_timeout = failure == CallFailure::timeout;
  ClusterAnswer answer;
  answer.body = is_timeout ? "upstream request timeout"
                           : "upstream connect error or disconnect/reset before headers. reset "
                             "reason: remote connection failure";
  answer.headers = {{":status", is_timeout ? "504" : "503"},
                    {"content-length", std::to_string(answer.body.size())},
                    {"content-type", "text/plain"}};
  return answer;
}

// The parts of a request that plugins read as properties, and the headers that they are.
struct HeaderProperty {
  std::string_view path;
  std::string_view header;
};

constexpr HeaderProperty kHeaderProperties[] = {
    {"request.path", ":path"},           {"request.method", ":method"},
    {"request.host", ":authority"},      {"request.scheme", ":scheme"},
    {"request.useragent", "user-agent"}, {"request.referer", "referer"},
    {"request.id", "x-request-id"},
};

MetricType type_of_metric(std::uint32_t number) {
  return static_cast<MetricType>(number & 3U);
}

constexpr std::string_view kOfRequest = "request.headers.";
constexpr std::string_view kOfResponse = "response.headers.";

}  // namespace

bool is_message_property(std::string_view path) {
  return std::ranges::find(kHeaderProperties, path, &HeaderProperty::path) !=
             std::end(kHeaderProperties) ||
         path.starts_with(kOfRequest) || path.starts_with(kOfResponse) || path == "response.code" ||
         path == "request.url_path" || path == "request.query";
}

EnvoyProxy::EnvoyProxy(ProxyOptions options, EnvoyWorld world, SharedState& shared)
    : LocalProxy(std::move(options), shared), world_(std::move(world)) {}

EnvoyProxy::Direction& EnvoyProxy::direction(Phase phase) {
  return phase == Phase::request_headers || phase == Phase::request_metadata ||
                 phase == Phase::request_body || phase == Phase::request_trailers
             ? stream_.request
             : stream_.response;
}

// --- What a stream gets

PhaseResult EnvoyProxy::result(Direction& direction) {
  PhaseResult result;
  if (direction.is_paused || is_over()) result.status = HeadersStatus::stop_all_and_watermark;
  result.close = stream_.close;
  if (stream_.local) {
    result.local = *stream_.local;
    result.headers = stream_.response.headers.pairs();
    result.body = stream_.local_body;
  }
  return result;
}

PhaseResult EnvoyProxy::send_headers(Vm& vm, Phase phase, const Pairs& headers, EndOfStream end) {
  if (is_over()) return {};
  auto& way = direction(phase);
  way.headers.assign(headers);
  way.has_headers = true;
  way.is_continued = false;
  if (phase == Phase::response_headers) stream_.has_response = true;
  const auto returned =
      vm.call(callback_of(phase), kStreamContext, {count(way.headers.pairs()), number(end)});
  const auto status = read_headers_status(vm, returned);
  way.is_paused = !way.is_continued && status != HeadersStatus::proceed &&
                  status != HeadersStatus::proceed_and_end_stream;
  if (!way.is_paused) way.has_headers = false;
  way.has_gone = !way.is_paused;
  settle(vm);
  auto came = result(way);
  if (!is_over()) came.headers = way.headers.pairs();
  return came;
}

PhaseResult EnvoyProxy::send_body(Vm& vm, Phase phase, std::string body, EndOfStream end) {
  if (is_over()) return {};
  auto& way = direction(phase);
  way.body += body;
  // Of a stream that waits since its headers came the body waits, too.
  if (way.is_paused && !way.has_body) return result(way);
  way.has_body = true;
  const auto returned = vm.call(callback_of(phase), kStreamContext, {count(way.body), number(end)});
  const auto status = data_status(vm, returned);
  way.is_paused = status != DataStatus::proceed;
  if (status == DataStatus::stop_no_buffer) way.body.clear();
  settle(vm);
  return go_on(way);
}

// What was kept goes on, unless it is kept still.
PhaseResult EnvoyProxy::go_on(Direction& way) {
  auto came = result(way);
  if (is_over() || way.is_paused) return came;
  came.body = std::exchange(way.body, {});
  let_go(way);
  return came;
}

std::optional<PhaseResult> EnvoyProxy::send_trailers(Vm& vm, Phase phase, const Pairs& trailers) {
  if (is_over()) return PhaseResult{};
  auto& way = direction(phase);
  way.trailers.assign(trailers);
  way.has_trailers = true;
  way.is_continued = false;
  const auto returned = vm.call(callback_of(phase), kStreamContext, {count(way.trailers.pairs())});
  way.is_paused = !way.is_continued && data_status(vm, returned) != DataStatus::proceed;
  settle(vm);
  auto came = go_on(way);
  if (!is_over() && !way.is_paused) came.headers = way.trailers.pairs();
  return came;
}

PhaseResult EnvoyProxy::send_metadata(Vm& vm, Phase phase, const Pairs& metadata) {
  if (is_over()) return {};
  vm.call(callback_of(phase), kStreamContext, {count(metadata)});
  settle(vm);
  PhaseResult came = result(direction(phase));
  if (!is_over()) came.status = HeadersStatus::proceed;
  return came;
}

// The message goes on: what it was can be read no more.
void EnvoyProxy::let_go(Direction& way) {
  way.is_paused = false;
  way.has_gone = true;
  way.has_headers = false;
  way.has_body = false;
  way.has_trailers = false;
}

void EnvoyProxy::end_stream(Vm& vm) {
  if (stream_.is_connection && !stream_.is_closed) close_connection(vm, CloseType::remote);
  // Of a request the access log comes before the filter is destroyed, of a connection behind.
  if (stream_.is_connection) vm.call("proxy_on_done", kStreamContext, {});
  is_logging_ = true;
  vm.call("proxy_on_log", kStreamContext, {});
  is_logging_ = false;
  if (!stream_.is_connection) vm.call("proxy_on_done", kStreamContext, {});
  vm.call("proxy_on_delete", kStreamContext, {});
  forget_stream();
  settle(vm);
  stream_ = {};
}

bool EnvoyProxy::advance(Vm& vm, std::uint64_t nanoseconds) {
  const auto until = real_time() + nanoseconds;
  while (tick_period_ns_ != 0 && next_tick_ns_ <= until && !vm.trap()) {
    set_time(next_tick_ns_);
    next_tick_ns_ += tick_period_ns_;
    vm.call("proxy_on_tick", kRootContext, {});
    settle(vm);
  }
  set_time(until);
  return true;
}

void EnvoyProxy::settle(Vm& vm) {
  while (!vm.trap()) {
    if (stream_.waiting_close) {
      close_by_plugin(vm);
    } else if (stream_.waiting_local) {
      answer_locally(vm);
    } else if (!pending_.empty()) {
      const auto call = pending_.front();
      pending_.pop_front();
      deliver(vm, call);
    } else if (deliver_grpc(vm)) {
      continue;
    } else if (!ready_queues_.empty()) {
      const auto token = ready_queues_.front();
      ready_queues_.pop_front();
      vm.call("proxy_on_queue_ready", shared().listener(token), {token});
    } else {
      return;
    }
  }
}

void EnvoyProxy::deliver(Vm& vm, const PendingCall& call) {
  const auto& given = world_.answers[call.answer];
  if (given.failure == CallFailure::reset) {
    status_ = {static_cast<std::uint32_t>(Status::broken_connection), "reset"};
    vm.call("proxy_on_http_call_response", kRootContext, {call.token, 0, 0, 0});
    status_.second.clear();
    return;
  }
  const auto answer = given.failure == CallFailure::none ? given : failed_answer(given.failure);
  call_headers_.assign(answer.headers);
  if (!call_headers_.get(":status")) call_headers_.add(":status", "200");
  call_trailers_.assign(answer.trailers);
  call_body_ = answer.body;
  is_answering_ = true;
  vm.call(
      "proxy_on_http_call_response", kRootContext,
      {call.token, count(call_headers_.pairs()), count(call_body_), count(call_trailers_.pairs())});
  is_answering_ = false;
  call_headers_.assign({});
  call_trailers_.assign({});
}

// A response by the plugin goes through its own callbacks of responses, unless the response that it
// takes the place of is there already.
void EnvoyProxy::answer_locally(Vm& vm) {
  // What has begun cannot be answered otherwise: the stream is reset.
  if (stream_.response.has_gone) {
    stream_.waiting_local.reset();
    stream_.waiting_close = StreamType::response;
    return close_by_plugin(vm);
  }
  stream_.local = std::exchange(stream_.waiting_local, std::nullopt);
  stream_.request.is_paused = false;
  let_go(stream_.response);
  stream_.response.headers.assign({{":status", std::to_string(stream_.local->status)}});
  for (const auto& [name, value] : stream_.local->headers)
    stream_.response.headers.add(name, value);
  if (!stream_.local->body.empty()) {
    stream_.response.headers.replace("content-length", std::to_string(stream_.local->body.size()));
    if (!stream_.response.headers.get("content-type"))
      stream_.response.headers.add("content-type", "text/plain");
  }
  stream_.response.body = stream_.local->body;
  if (!stream_.has_response) pass_response(vm);
  stream_.local_body = std::exchange(stream_.response.body, {});
  stream_.response.is_paused = false;
}

void EnvoyProxy::pass_response(Vm& vm) {
  const auto end = stream_.response.body.empty() ? EndOfStream::yes : EndOfStream::no;
  stream_.response.has_headers = true;
  vm.call(callback_of(Phase::response_headers), kStreamContext,
          {count(stream_.response.headers.pairs()), number(end)});
  stream_.response.has_headers = false;
  if (end == EndOfStream::yes) return;
  stream_.response.has_body = true;
  vm.call(callback_of(Phase::response_body), kStreamContext,
          {count(stream_.response.body), number(EndOfStream::yes)});
  stream_.response.has_body = false;
}

// --- What the plugin asks for

Answer<HeaderMap*> EnvoyProxy::map(ContextId context, MapType type, Access access) {
  // The root context has no part in the stream's messages.
  const bool is_stream = context == kStreamContext;
  const auto of = [&](HeaderMap& map, bool is_there) -> Answer<HeaderMap*> {
    if (is_there || (is_logging_ && access != Access::write)) return &map;
    // All pairs of what is not there are none.
    if (access == Access::read_all) return &nothing_;
    return Status::bad_argument;
  };
  switch (type) {
    case MapType::request_headers:
      return of(stream_.request.headers, is_stream && stream_.request.has_headers);
    case MapType::request_trailers:
      return of(stream_.request.trailers, is_stream && stream_.request.has_trailers);
    case MapType::response_headers:
      return of(stream_.response.headers, is_stream && stream_.response.has_headers);
    case MapType::response_trailers:
      return of(stream_.response.trailers, is_stream && stream_.response.has_trailers);
    case MapType::http_call_headers:
    case MapType::http_call_trailers:
      if (access == Access::write) return Status::bad_argument;
      return of(type == MapType::http_call_headers ? call_headers_ : call_trailers_,
                is_answering_ && (type == MapType::http_call_headers || call_trailers_.size() > 0));
    case MapType::grpc_initial_metadata:
    case MapType::grpc_trailing_metadata:
      if (access == Access::write) return Status::bad_argument;
      return of(grpc_metadata_, grpc_metadata_type_ == type);
  }
  return Status::bad_argument;
}

Answer<Buffer> EnvoyProxy::buffer(ContextId context, BufferType type) {
  const auto of_body = [context](Direction& way) {
    if (context != kStreamContext || !way.has_body) return Buffer{};
    // All of it, before it, or after it: no other place.
    return Buffer{way.body, [&way](std::size_t start, std::size_t size, std::string_view data) {
                    if (start >= way.body.size()) {
                      way.body += data;
                    } else if (start == 0 && (size == 0 || size >= way.body.size())) {
                      way.body.replace(0, size, data);
                    } else {
                      return Status::bad_argument;
                    }
                    return Status::ok;
                  }};
  };
  switch (type) {
    case BufferType::request_body:
      return of_body(stream_.request);
    case BufferType::response_body:
      return of_body(stream_.response);
    case BufferType::downstream_data:
      return of_body(stream_.downstream);
    case BufferType::upstream_data:
      return of_body(stream_.upstream);
    case BufferType::http_call_body:
      if (!is_answering_) break;
      return Buffer{call_body_, {}};
    case BufferType::grpc_message:
      return Buffer{grpc_message_, {}};
    case BufferType::vm_configuration:
      return Buffer{options().vm_configuration, {}};
    case BufferType::plugin_configuration:
      if (!is_configuring()) break;
      return Buffer{options().configuration, {}};
    default:
      break;
  }
  return Status::not_found;
}

Answer<std::string> EnvoyProxy::property(ContextId context, std::string_view path) {
  const auto name = dotted_path(path);
  const auto& given = options().properties;
  const auto found = std::ranges::find(given, name, &Pairs::value_type::first);
  if (found != given.end()) return found->second;
  // What the plugin has set has a path of one part.
  const auto set = std::ranges::find(state_, path, &Pairs::value_type::first);
  if (set != state_.end() && path.find('\0') == std::string_view::npos) return set->second;
  const auto prefix = std::ranges::find_if(world_.prefixes, [&](const auto& pair) {
    return name == pair.first || name.starts_with(pair.first + '.');
  });
  if (prefix != world_.prefixes.end()) return prefix->second;
  if (name == "plugin_root_id") return options().root_id;
  if (name == "plugin_name") return std::string("test");
  if (name == "plugin_vm_id") return std::string();
  if (context == kStreamContext) {
    if (auto value = message_property(name)) return *std::move(value);
  }
  missed_.push_back(fmt::format("the property `{}`", name));
  return Status::not_found;
}

// What a message's headers say, as long as they can be read.
std::optional<std::string> EnvoyProxy::message_property(std::string_view name) const {
  const auto of = [this](const Direction& way) -> const HeaderMap& {
    return way.has_headers || is_logging_ ? way.headers : nothing_;
  };
  const auto& request = of(stream_.request);
  const auto& response = of(stream_.response);
  const auto value_of = [](const HeaderMap& map,
                           std::string_view header) -> std::optional<std::string> {
    const auto value = map.get(header);
    if (!value) return std::nullopt;
    return std::string(*value);
  };
  const auto* const row = std::ranges::find(kHeaderProperties, name, &HeaderProperty::path);
  if (row != std::end(kHeaderProperties)) return value_of(request, row->header);
  if (name.starts_with(kOfRequest)) return value_of(request, name.substr(kOfRequest.size()));
  if (name.starts_with(kOfResponse)) return value_of(response, name.substr(kOfResponse.size()));
  if (name == "response.code") {
    const auto status = value_of(response, ":status");
    if (!status) return std::nullopt;
    return little_endian(static_cast<std::uint64_t>(std::strtoul(status->c_str(), nullptr, 10)));
  }
  const auto path = value_of(request, ":path");
  if (!path) return std::nullopt;
  const auto question = std::min(path->find('?'), path->size());
  if (name == "request.url_path") return path->substr(0, question);
  if (name == "request.query") return path->substr(std::min(question + 1, path->size()));
  return std::nullopt;
}

Status EnvoyProxy::set_property(ContextId /*context*/, std::string_view path,
                                std::string_view value) {
  std::erase_if(state_, [&](const auto& pair) { return pair.first == path; });
  state_.emplace_back(path, value);
  return Status::ok;
}

void EnvoyProxy::send_local_response(ContextId context, LocalResponse response) {
  if (context != kStreamContext || stream_.is_connection || stream_.waiting_local || stream_.local)
    return;
  stream_.waiting_local = std::move(response);
}

Status EnvoyProxy::set_tick_period(ContextId /*context*/, std::uint32_t milliseconds) {
  tick_period_ns_ = milliseconds * kNanosecondsPerMillisecond;
  next_tick_ns_ = real_time() + tick_period_ns_;
  return Status::ok;
}

Status EnvoyProxy::enqueue(std::uint32_t token, std::string_view value) {
  const auto status = LocalProxy::enqueue(token, value);
  if (status == Status::ok) ready_queues_.push_back(token);
  return status;
}

Answer<std::uint32_t> EnvoyProxy::http_call(ContextId /*context*/, HttpCall call) {
  const HeaderMap headers(HeaderForm::listed, call.headers);
  for (const auto* name : {":path", ":method", ":authority"}) {
    if (!headers.get(name)) return Status::bad_argument;
  }
  const std::string path(*headers.get(":path"));
  const auto found = std::ranges::find_if(world_.answers, [&](const ClusterAnswer& answer) {
    return (answer.cluster.empty() || answer.cluster == call.cluster) &&
           (answer.path.empty() || answer.path == path);
  });
  if (found == world_.answers.end()) {
    missed_.push_back(fmt::format("an answer of the cluster `{}` to `{}`", call.cluster, path));
    calls_.push_back({std::move(call), std::nullopt});
    return Status::bad_argument;  // as of a cluster that does not exist
  }
  const auto answer = static_cast<std::size_t>(found - world_.answers.begin());
  calls_.push_back({std::move(call), answer});
  const auto token = next_token_;
  next_token_ += kTokenStep;
  pending_.push_back({token, answer});
  return token;
}

std::pair<std::uint32_t, std::string> EnvoyProxy::last_status(ContextId /*context*/) {
  return status_;
}

// A metric's number has its type in the two lowest bits, and above them the how-manieth of its type
// it is. Source: wasm.h, nextCounterMetricId().
Answer<std::uint32_t> EnvoyProxy::define_metric(MetricType type, std::string_view name) {
  const auto is_of_type = [&](const Metric& metric) {
    return type_of_metric(metric.number) == type;
  };
  const auto before = static_cast<std::uint32_t>(std::ranges::count_if(metrics_, is_of_type));
  metrics_.push_back({(before + 1) << 2U | static_cast<std::uint32_t>(type), std::string(name)});
  values_.try_emplace(std::string(name), 0);
  return metrics_.back().number;
}

const EnvoyProxy::Metric* EnvoyProxy::find_metric(std::uint32_t number) const {
  const auto found = std::ranges::find(metrics_, number, &Metric::number);
  return found == metrics_.end() ? nullptr : &*found;
}

Status EnvoyProxy::increment_metric(std::uint32_t number, std::int64_t by) {
  const auto* const metric = find_metric(number);
  if (metric == nullptr) return Status::not_found;
  const auto type = type_of_metric(number);
  if (type == MetricType::histogram) return Status::bad_argument;
  if (type == MetricType::counter && by <= 0) return by == 0 ? Status::ok : Status::bad_argument;
  values_.find(metric->name)->second += static_cast<std::uint64_t>(by);
  return Status::ok;
}

Status EnvoyProxy::record_metric(std::uint32_t number, std::uint64_t value) {
  const auto* const metric = find_metric(number);
  if (metric == nullptr) return Status::not_found;
  auto& stored = values_.find(metric->name)->second;
  stored = type_of_metric(number) == MetricType::counter ? stored + value : value;
  return Status::ok;
}

Answer<std::uint64_t> EnvoyProxy::metric(std::uint32_t number) {
  const auto* const metric = find_metric(number);
  if (metric == nullptr) return Status::not_found;
  if (type_of_metric(number) == MetricType::histogram) return Status::bad_argument;
  return values_.find(metric->name)->second;
}

std::optional<std::uint64_t> EnvoyProxy::metric_value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

}  // namespace wasmctl::host
