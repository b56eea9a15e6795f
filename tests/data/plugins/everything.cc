// Written as plugins for the upstream C++ SDK are, to call all of its API: each request's x-test header
// names what is tried, and the answer or the log says what came of it.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy_wasm_intrinsics.h"
#include "contrib/proxy_expr.h"

class EverythingRoot : public RootContext {
public:
  explicit EverythingRoot(uint32_t id, std::string_view root_id) : RootContext(id, root_id) {}

  // Envoy 1.40 calls neither of these two.
  bool validateConfiguration(size_t) override { return true; }
  void onForeignFunction(uint32_t, uint32_t) override {}
  bool onStart(size_t vm_configuration_size) override {
    LOG_INFO("onStart " + std::to_string(vm_configuration_size));
    return true;
  }
  bool onConfigure(size_t configuration_size) override {
    auto configuration =
        getBufferBytes(WasmBufferType::PluginConfiguration, 0, configuration_size);
    LOG_INFO("onConfigure " + std::string(root_id()) + " " + configuration->toString());
    if (registerSharedQueue("everything", &queue_) != WasmResult::Ok) {
      return false;
    }
    proxy_set_tick_period_milliseconds(50);
    return true;
  }
  void onTick() override {
    if (ticks_++ == 2) {
      logInfo("third tick");
    }
    if (ending_) {
      logInfo("root done");
      done();
    }
  }
  void onQueueReady(uint32_t token) override {
    WasmDataPtr data;
    while (dequeueSharedQueue(token, &data) == WasmResult::Ok) {
      logInfo("dequeued " + data->toString() + (token == queue_ ? "" : " from another queue"));
    }
  }
  bool onDone() override {
    logInfo("root onDone");
    ending_ = true;
    return false;  // done() follows
  }
  void onDelete() override { logInfo("root onDelete"); }

  uint32_t queue() const { return queue_; }

private:
  uint32_t queue_ = 0;
  int ticks_ = 0;
  bool ending_ = false;
};

class EverythingContext : public Context {
public:
  explicit EverythingContext(uint32_t id, RootContext *root) : Context(id, root) {}

  void onCreate() override { LOG_DEBUG(std::string("onCreate ") + std::to_string(id())); }
  FilterHeadersStatus onRequestHeaders(uint32_t headers, bool end_of_stream) override;
  FilterDataStatus onRequestBody(size_t body_buffer_length, bool end_of_stream) override;
  FilterTrailersStatus onRequestTrailers(uint32_t trailers) override;
  FilterMetadataStatus onRequestMetadata(uint32_t elements) override {
    LOG_INFO("request metadata " + std::to_string(elements));
    return FilterMetadataStatus::Continue;
  }
  FilterMetadataStatus onResponseMetadata(uint32_t elements) override {
    LOG_INFO("response metadata " + std::to_string(elements));
    return FilterMetadataStatus::Continue;
  }
  FilterHeadersStatus onResponseHeaders(uint32_t headers, bool end_of_stream) override;
  FilterDataStatus onResponseBody(size_t body_buffer_length, bool end_of_stream) override;
  FilterTrailersStatus onResponseTrailers(uint32_t trailers) override;
  void onDone() override { LOG_INFO("onDone " + test_); }
  void onLog() override {
    LOG_INFO("onLog " + getRequestHeader("x-test")->toString() + " " +
             getResponseHeader(":status")->toString());
  }
  void onDelete() override { LOG_INFO("onDelete " + test_); }

  void answer(const std::string &text) {
    sendLocalResponse(200, "everything", text, {{"x-everything", "yes"}});
  }

private:
  FilterHeadersStatus headers();
  FilterHeadersStatus properties();
  FilterHeadersStatus sharedData();
  FilterHeadersStatus metrics();
  FilterHeadersStatus library();
  FilterHeadersStatus httpCall();
  FilterHeadersStatus grpc();
  FilterHeadersStatus grpcCancelled();
  FilterHeadersStatus expressions();

  std::string test_;
};

static RegisterContextFactory register_Everything(CONTEXT_FACTORY(EverythingContext),
                                                  ROOT_FACTORY(EverythingRoot), "everything");

// A second plugin in the same module, without a root of its own.
class OtherContext : public Context {
public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    sendLocalResponse(418, "", "other " + std::string(root()->root_id()), {});
    return FilterHeadersStatus::StopIteration;
  }
};
static RegisterContextFactory register_Other(CONTEXT_FACTORY(OtherContext), "other");

// A third, whose factories are functions: their classes are not known when they are registered.
static RegisterContextFactory register_Lambda(
    [](uint32_t id, RootContext *root) -> std::unique_ptr<Context> {
      return std::make_unique<OtherContext>(id, root);
    },
    [](uint32_t id, std::string_view root_id) {
      return std::make_unique<RootContext>(id, root_id);
    },
    "lambda");

FilterHeadersStatus EverythingContext::onRequestHeaders(uint32_t, bool) {
  test_ = getRequestHeader("x-test")->toString();
  if (test_ == "headers") return headers();
  if (test_ == "bodies") removeRequestHeader("content-length");
  if (test_ == "properties") return properties();
  if (test_ == "shared data") return sharedData();
  if (test_ == "metrics") return metrics();
  if (test_ == "library") return library();
  if (test_ == "http call") return httpCall();
  if (test_ == "grpc") return grpc();
  if (test_ == "grpc cancelled") return grpcCancelled();
  if (test_ == "expressions") return expressions();
  if (test_ == "close") {
    closeRequest();
    return FilterHeadersStatus::StopIteration;
  }
  if (test_ == "queue") {
    uint32_t token = 0;
    if (resolveSharedQueue("", "everything", &token) == WasmResult::Ok) {
      enqueueSharedQueue(token, "a message");
    }
  }
  if (test_ == "foreign function") {
    // https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/wasm_filter
    const std::string text(1000, 'x');
    char *out = nullptr;
    size_t size = 0;
    const auto function = std::string("compress");
    auto result = proxy_call_foreign_function(function.data(), function.size(), text.data(),
                                              text.size(), &out, &size);
    WasmData compressed(out, size);
    answer(toString(result) + (size > 0 && size < text.size() ? " smaller" : " not smaller"));
    return FilterHeadersStatus::StopIteration;
  }
  if (test_ == "abort") {
    std::vector<int> empty;
    CHECK_RESULT(WasmResult::NotFound);
  }
  if (test_ == "length error") {
    std::string text;
    text.resize(text.max_size() + 1);
  }
  return FilterHeadersStatus::Continue;
}

FilterHeadersStatus EverythingContext::headers() {
  size_t size = 0;
  if (getRequestHeaderSize(&size) != WasmResult::Ok || size == 0) {
    logError("no size");
  }
  addRequestHeader("x-added", "1");
  addRequestHeader("x-added", "2");
  replaceRequestHeader("x-replaced", "new");
  removeRequestHeader("x-removed");
  std::map<std::string, int> names;
  auto pairs = getRequestHeaderPairs();
  for (auto &pair : pairs->pairs()) {
    names[std::string(pair.first)]++;
  }
  HeaderStringPairs all;
  for (auto &p : pairs->pairs()) {
    if (p.first == "x-dropped") continue;
    all.push_back(std::make_pair(std::string(p.first), std::string(p.second)));
  }
  all.push_back({"x-count", std::to_string(names["x-added"])});
  setRequestHeaderPairs(all);
  return FilterHeadersStatus::Continue;
}

FilterHeadersStatus EverythingContext::properties() {
  std::string address, method, name;
  int64_t port = 0;
  uint64_t size = 0;
  bool wrong = false;
  std::string result;
  if (getValue({"source", "address"}, &address)) result += address.substr(0, 10);
  if (getValue({"destination", "port"}, &port) && port > 0) result += " port";
  std::vector<std::string> path{"request", "method"};
  if (getValue(path, &method)) result += " " + method;
  std::vector<std::string_view> views{"plugin_name"};
  if (getValue(views, &name)) result += " " + name;
  if (getValue({"request", "size"}, &size)) result += " size";
  if (!getValue({"request", "method"}, &wrong)) result += " wrong";
  if (!getProperty({"no", "such", "thing"}).has_value()) result += " nothing";
  setFilterState("everything", "state");
  auto state = getProperty({"wasm.everything"});
  auto direct = getProperty({"everything"});
  result += " " + ((state.has_value() && state.value()->size() > 0) ? state.value()->toString()
                   : direct.has_value()                             ? direct.value()->toString()
                                                                    : std::string("none"));
  answer(result);
  return FilterHeadersStatus::StopIteration;
}

FilterHeadersStatus EverythingContext::sharedData() {
  WasmDataPtr value;
  uint32_t cas = 0;
  std::string result = toString(getSharedData("missing", &value));
  setSharedData("key", "one");
  result += " " + getSharedDataValue("key", &cas)->toString();
  result += " " + toString(setSharedData("key", "two", cas));
  result += " " + toString(setSharedData("key", "three", cas));
  result += " " + getSharedDataValue("key")->toString();
  answer(result);
  return FilterHeadersStatus::StopIteration;
}

FilterHeadersStatus EverythingContext::metrics() {
  static auto *counter = Counter<std::string, int, bool>::New("counter", "name", "number", "flag");
  static auto *gauge = Gauge<std::string>::New("gauge", "name");
  static auto *histogram = Histogram<int>::New("histogram", "size");
  counter->increment(2, "a", 7, true);
  auto simple = counter->resolve("a", 7, true);
  simple++;
  ++simple;
  auto *extended = Counter<std::string>::New("extended", "first")->extendAndResolve<int>("x", "second");
  extended->increment(5, 3);
  gauge->record(11, std::string_view("g"));
  histogram->record(3, 1);
  Metric metric(MetricType::Counter, "metric", {MetricTag{"tag", MetricTag::TagType::String}});
  metric.increment(9, "v");
  Metric partial = Metric(MetricType::Gauge, "partial",
                          {MetricTag{"p", MetricTag::TagType::Int}, MetricTag{"q", MetricTag::TagType::Bool}})
                       .partiallyResolve(1);
  partial.record(4, true);
  answer(std::to_string(counter->get("a", 7, true)) + " " + std::to_string(gauge->get("g")) + " " +
         std::to_string(extended->get(3)) + " " + std::to_string(metric.get("v")) + " " +
         std::to_string(partial.get(true)) + " " +
         counter->nameFromIdSlow(counter->resolve("a", 7, true).metric_id));
  return FilterHeadersStatus::StopIteration;
}

FilterHeadersStatus EverythingContext::library() {
  std::stringstream stream;
  stream << std::hex << 255 << ' ' << 1.5;
  std::smatch match;
  std::string path = "/api/v12/items";
  if (std::regex_match(path, match, std::regex("/api/v([0-9]+)/(.*)"))) {
    stream << ' ' << match[1] << ' ' << match[2];
  }
  std::unordered_map<std::string, std::vector<int>> map;
  map["a"] = {3, 1, 2};
  std::sort(map["a"].begin(), map["a"].end());
  stream << ' ' << map["a"].front() << map["a"].back();
  int number = 0;
  const std::string_view digits = "42";
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  stream << ' ' << std::dec << number << ' ' << std::stoi("17");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  const auto host = static_cast<int64_t>(getCurrentTimeNanoseconds() / 1000000000);
  stream << ' ' << (std::abs(seconds - host) < 5 ? "same time" : "other time");
  std::optional<std::set<int>> maybe = std::set<int>{1};
  stream << ' ' << maybe->count(1);
  if (dynamic_cast<EverythingRoot *>(root()) != nullptr) stream << " root";
  if (getRoot("everything") == root() && getContext(id()) == this) stream << " found";
  LogLevel level;
  if (getLogLevel(&level) == WasmResult::Ok) stream << " level" << static_cast<int>(level);
  answer(stream.str());
  return FilterHeadersStatus::StopIteration;
}

FilterHeadersStatus EverythingContext::httpCall() {
  auto result = root()->httpCall(
      "upstream", {{":method", "POST"}, {":path", "/called"}, {":authority", "up"}}, "the body", {},
      1000, [this](uint32_t headers, size_t body_size, uint32_t) {
        auto status = getHeaderMapValue(WasmHeaderMapType::HttpCallResponseHeaders, ":status");
        auto body = getBufferBytes(WasmBufferType::HttpCallResponseBody, 0, body_size);
        setEffectiveContext();
        replaceRequestHeader("x-call", status->toString() + (headers > 0 ? " headers" : ""));
        replaceRequestHeader("x-call-body",
                             body->toString().find("the body") != std::string::npos ? "yes" : "no");
        continueRequest();
      });
  return result == WasmResult::Ok ? FilterHeadersStatus::StopIteration
                                  : FilterHeadersStatus::Continue;
}

// gRPC: one call of each kind, one after the other; the last one lets the request go on.
static std::string *report = nullptr;

class CallHandler : public GrpcCallHandler<std::string> {
public:
  explicit CallHandler(std::function<void()> then) : then_(then) {}
  void onSuccess(size_t body_size) override {
    *report += " call:" + getBufferBytes(WasmBufferType::GrpcReceiveBuffer, 0, body_size)->toString();
    then_();
  }
  void onFailure(GrpcStatus status) override {
    *report += " call failed:" + std::to_string(static_cast<int>(status)) + ":" +
               getStatus().second->toString();
    then_();
  }

private:
  std::function<void()> then_;
};

class StreamHandler : public GrpcStreamHandler<std::string, std::string> {
public:
  explicit StreamHandler(std::function<void()> then) : then_(then) {}
  void onReceiveInitialMetadata(uint32_t) override {
    *report += " initial:" +
               getHeaderMapValue(WasmHeaderMapType::GrpcReceiveInitialMetadata, "x-initial")->toString();
  }
  void onReceiveTrailingMetadata(uint32_t) override {
    *report += " trailing:" +
               getHeaderMapValue(WasmHeaderMapType::GrpcReceiveTrailingMetadata, "x-trailing")->toString();
  }
  void onReceive(size_t body_size) override {
    *report += " stream:" + getBufferBytes(WasmBufferType::GrpcReceiveBuffer, 0, body_size)->toString();
    if (++received_ == 1) {
      send("two", true);
    }
  }
  void onRemoteClose(GrpcStatus status) override {
    *report += " closed:" + std::to_string(static_cast<int>(status));
    then_();
  }

private:
  std::function<void()> then_;
  int received_ = 0;
};

static std::string grpcService(const std::string &cluster) {
  // envoy.config.core.v3.GrpcService { envoy_grpc { cluster_name } }
  std::string inner = std::string("\x0a") + static_cast<char>(cluster.size()) + cluster;
  return std::string("\x0a") + static_cast<char>(inner.size()) + inner;
}

FilterHeadersStatus EverythingContext::grpc() {
  const auto service = grpcService("grpc");
  const HeaderStringPairs metadata{{"x-sent", "metadata"}};
  report = new std::string;
  auto finish = [this] {
    setEffectiveContext();
    answer(*report);
  };
  auto stream = [this, service, metadata, finish] {
    auto handler = std::make_unique<StreamHandler>(finish);
    auto *raw = handler.get();
    root()->grpcStreamHandler(service, "test.Service", "Stream", metadata, std::move(handler));
    raw->send("one", false);
  };
  auto failing = [this, service, metadata, stream] {
    root()->grpcCallHandler(service, "test.Service", "Unary", metadata, "fail", 1000,
                            std::make_unique<CallHandler>(stream));
  };
  auto call = [this, service, metadata, failing] {
    root()->grpcCallHandler(service, "test.Service", "Unary", metadata, "handler", 1000,
                            std::make_unique<CallHandler>(failing));
  };
  auto result = root()->grpcSimpleCall(
      service, "test.Service", "Unary", metadata, "simple", 1000,
      [call](size_t body_size) {
        *report += "simple:" + getBufferBytes(WasmBufferType::GrpcReceiveBuffer, 0, body_size)->toString();
        call();
      },
      [call](GrpcStatus status) {
        *report += "simple failed:" + std::to_string(static_cast<int>(status));
        call();
      });
  return result == WasmResult::Ok ? FilterHeadersStatus::StopAllIterationAndBuffer
                                  : FilterHeadersStatus::Continue;
}

// Neither is called back once it is cancelled; the request goes on by a call that is answered.
FilterHeadersStatus EverythingContext::grpcCancelled() {
  const auto service = grpcService("grpc");
  const HeaderStringPairs metadata{{"x-sent", "metadata"}};
  report = new std::string("only:");
  auto call = std::make_unique<CallHandler>([] {});
  auto *call_pointer = call.get();
  root()->grpcCallHandler(service, "test.Service", "Unary", metadata, "never", 1000, std::move(call));
  call_pointer->cancel();
  auto stream = std::make_unique<StreamHandler>([] {});
  auto *stream_pointer = stream.get();
  root()->grpcStreamHandler(service, "test.Service", "Stream", metadata, std::move(stream));
  stream_pointer->send("never", false);
  stream_pointer->reset();
  uint32_t token = 0;
  if (grpcStream(service, "test.Service", "Stream", metadata, &token) == WasmResult::Ok) {
    grpcSend(token, "unheard", true);
    grpcClose(token);
    grpcCancel(token);
  }
  auto result = root()->grpcSimpleCall(service, "test.Service", "Unary", metadata, "last", 1000,
                                       [this](GrpcStatus status, size_t) {
                                         setEffectiveContext();
                                         answer(*report + std::to_string(static_cast<int>(status)));
                                       });
  return result == WasmResult::Ok ? FilterHeadersStatus::StopAllIterationAndWatermark
                                  : FilterHeadersStatus::Continue;
}

FilterHeadersStatus EverythingContext::expressions() {
  uint32_t token = 0, none = 0;
  std::string text, result;
  int64_t number = 0;
  result += toString(createExpression("request.headers['x-test'] + '!'", &token));
  if (evaluateExpression(token, &text)) result += " " + text;
  if (!evaluateExpression(token, &number)) result += " no number";
  result += " " + toString(exprDelete(token));
  if (!evaluateExpression(token, &text)) result += " gone";
  result += " " + toString(createExpression("/ /", &none));
  if (createExpression("1 + 2", &token) == WasmResult::Ok && evaluateExpression(token, &number)) {
    result += " " + std::to_string(number);
  }
  answer(result);
  return FilterHeadersStatus::StopIteration;
}

FilterDataStatus EverythingContext::onRequestBody(size_t body_buffer_length, bool end_of_stream) {
  if (test_ != "bodies") return FilterDataStatus::Continue;
  if (!end_of_stream) return FilterDataStatus::StopIterationAndBuffer;
  size_t size = 0;
  uint32_t flags = 0;
  getBufferStatus(WasmBufferType::HttpRequestBody, &size, &flags);
  auto body = getBufferBytes(WasmBufferType::HttpRequestBody, 0, body_buffer_length);
  LOG_INFO("body " + body->toString() + " " + std::to_string(size));
  setBuffer(WasmBufferType::HttpRequestBody, 0, 0, "<");                  // prepend
  setBuffer(WasmBufferType::HttpRequestBody, body_buffer_length + 1, 0, ">");  // append
  LOG_INFO("in the middle: " + toString(setBuffer(WasmBufferType::HttpRequestBody, 1, 1, "x")));
  return FilterDataStatus::Continue;
}

FilterTrailersStatus EverythingContext::onRequestTrailers(uint32_t trailers) {
  LOG_INFO("request trailers " + std::to_string(trailers) + " " +
           getRequestTrailer("x-trailer")->toString());
  size_t size = 0;
  getRequestTrailerSize(&size);
  HeaderStringPairs pairs;
  auto trailers_now = getRequestTrailerPairs();
  for (auto &pair : trailers_now->pairs()) {
    pairs.emplace_back(pair.first, pair.second);
  }
  pairs.emplace_back("x-pairs", std::to_string(size));
  setRequestTrailerPairs(pairs);
  addRequestTrailer("x-more", "yes");
  replaceRequestTrailer("x-more", "again");
  removeRequestTrailer("x-trailer");
  return FilterTrailersStatus::Continue;
}

FilterHeadersStatus EverythingContext::onResponseHeaders(uint32_t, bool) {
  if (test_ == "headers" || test_ == "bodies") {
    addResponseHeader("x-response", "added");
    replaceResponseHeader("content-type", "text/everything");
    removeResponseHeader("content-length");
  }
  if (test_ == "pairs") {
    size_t size = 0;
    getResponseHeaderSize(&size);
    HeaderStringPairs pairs{{"x-size", size > 0 ? "some" : "none"}};
    auto headers_now = getResponseHeaderPairs();
    for (auto &pair : headers_now->pairs()) {
      pairs.emplace_back(pair.first, pair.second);
    }
    setResponseHeaderPairs(pairs);
  }
  if (test_ == "paused response") {
    auto result = root()->httpCall(
        "upstream", {{":method", "GET"}, {":path", "/"}, {":authority", "up"}}, "", {}, 1000,
        [this](uint32_t, size_t, uint32_t) {
          setEffectiveContext();
          addResponseHeader("x-paused", "yes");
          continueResponse();
        });
    return result == WasmResult::Ok ? FilterHeadersStatus::StopAllIterationAndWatermark
                                    : FilterHeadersStatus::Continue;
  }
  return FilterHeadersStatus::Continue;
}

FilterDataStatus EverythingContext::onResponseBody(size_t body_buffer_length, bool end_of_stream) {
  if (test_ == "bodies" && end_of_stream) {
    setBuffer(WasmBufferType::HttpResponseBody, body_buffer_length, 0, " and more");
  }
  return FilterDataStatus::Continue;
}

FilterTrailersStatus EverythingContext::onResponseTrailers(uint32_t trailers) {
  LOG_INFO("response trailers " + std::to_string(trailers) + " " +
           getResponseTrailer("x-trailer")->toString());
  size_t size = 0;
  getResponseTrailerSize(&size);
  HeaderStringPairs pairs{{"x-pairs", std::to_string(size)}};
  auto trailers_now = getResponseTrailerPairs();
  for (auto &pair : trailers_now->pairs()) {
    pairs.emplace_back(pair.first, pair.second);
  }
  setResponseTrailerPairs(pairs);
  addResponseTrailer("x-more", "yes");
  replaceResponseTrailer("x-more", "again");
  removeResponseTrailer("x-trailer");
  return FilterTrailersStatus::Continue;
}
