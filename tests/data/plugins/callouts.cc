// The callouts at the level of the hostcalls: the plugin keeps the tokens, and overrides the callbacks that
// the SDK would otherwise deliver to handlers.
#include <string>

#include "proxy_wasm_intrinsics.h"

class Root : public RootContext {
public:
  using RootContext::RootContext;

  void onHttpCallResponse(uint32_t token, uint32_t headers, size_t body_size,
                          uint32_t trailers) override {
    auto body = getBufferBytes(WasmBufferType::HttpCallResponseBody, 0, body_size);
    auto pairs = getHeaderMapPairs(WasmHeaderMapType::HttpCallResponseHeaders);
    finish(token, "http " + body->toString() + (pairs->pairs().size() == headers ? " all " : " ") + std::to_string(trailers));
  }
  void onGrpcReceiveInitialMetadata(uint32_t token, uint32_t headers) override {
    note(token, headers > 0 ? "initial" : "no initial");
  }
  void onGrpcReceive(uint32_t token, size_t body_size) override {
    const auto text = getBufferBytes(WasmBufferType::GrpcReceiveBuffer, 0, body_size)->toString();
    if (is_stream_) {
      note(token, " received " + text);
      grpcSend(token, "", true);
    } else {
      finish(token, "received " + text);
    }
  }
  void onGrpcReceiveTrailingMetadata(uint32_t token, uint32_t trailers) override {
    note(token, trailers > 0 ? " trailing" : " no trailing");
  }
  void onGrpcClose(uint32_t token, GrpcStatus status) override {
    finish(token, noted_ + " closed " + std::to_string(static_cast<int>(status)));
  }

  void expect(uint32_t token, uint32_t stream_id, bool is_stream) {
    token_ = token;
    stream_id_ = stream_id;
    is_stream_ = is_stream;
    noted_.clear();
  }

private:
  void note(uint32_t token, const std::string &text) {
    if (token == token_) noted_ += text;
  }
  void finish(uint32_t token, const std::string &text) {
    if (token != token_ || getContext(stream_id_) == nullptr) return;
    getContext(stream_id_)->setEffectiveContext();
    sendLocalResponse(200, "", text, {});
  }

  uint32_t token_ = 0, stream_id_ = 0;
  bool is_stream_ = false;
  std::string noted_;
};

class Stream : public Context {
public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    const auto test = getRequestHeader("x-test")->toString();
    const std::string service = "\x0a\x06\x0a\x04grpc";  // envoy.config.core.v3.GrpcService, cluster grpc
    const HeaderStringPairs metadata{{"x-sent", "metadata"}};
    uint32_t token = 0;
    auto result = WasmResult::BadArgument;
    if (test == "http") {
      result = makeHttpCall("upstream", {{":method", "GET"}, {":path", "/"}, {":authority", "a"}}, "", {}, 1000,
                            &token);
    } else if (test == "call") {
      result = grpcCall(service, "test.Service", "Unary", metadata, "asked", 1000, &token);
    } else if (test == "stream") {
      result = grpcStream(service, "test.Service", "Stream", metadata, &token);
      grpcSend(token, "sent", false);
    } else if (test == "state") {
      setFilterStateStringValue("one", "1");
      setProperty("two", "2");
      sendLocalResponse(200, "", getProperty({"one"}).value()->toString() + getProperty({"two"}).value()->toString(), {});
      return FilterHeadersStatus::StopIteration;
    } else if (test == "metric") {
      uint32_t id = 0;
      uint64_t value = 0;
      defineMetric(MetricType::Gauge, "low.level", &id);
      recordMetric(id, 5);
      incrementMetric(id, 2);
      getMetric(id, &value);
      sendLocalResponse(200, "", std::to_string(value), {});
      return FilterHeadersStatus::StopIteration;
    } else if (test == "pairs") {
      setHeaderMapPairs(WasmHeaderMapType::RequestHeaders,
                        {{":method", "POST"}, {":path", "/set"}, {":authority", "a"}, {":scheme", "http"}, {"x-forwarded-proto", "http"}});
      return FilterHeadersStatus::Continue;
    } else if (test == "abort") {
      logAbort("it cannot go on");
    }
    static_cast<Root *>(root())->expect(token, id(), test == "stream");
    return result == WasmResult::Ok ? FilterHeadersStatus::StopAllIterationAndWatermark
                                    : FilterHeadersStatus::Continue;
  }
};
static RegisterContextFactory register_callouts(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));

// TCP: both directions are held once, and go on by a call's answer.
class TcpRoot : public RootContext {
public:
  using RootContext::RootContext;
  void onTick() override {
    proxy_set_tick_period_milliseconds(0);
    getContext(held_)->setEffectiveContext();
    if (downstream_) {
      logInfo("continue downstream " + toString(continueDownstream()));
    } else {
      logInfo("continue upstream " + toString(continueUpstream()));
    }
  }
  void hold(uint32_t id, bool downstream) {
    held_ = id;
    downstream_ = downstream;
    proxy_set_tick_period_milliseconds(20);
  }

private:
  uint32_t held_ = 0;
  bool downstream_ = false;
};

class Tcp : public Context {
public:
  using Context::Context;

  FilterStatus onNewConnection() override {
    logInfo("new connection");
    return FilterStatus::Continue;
  }
  FilterStatus onDownstreamData(size_t size, bool) override {
    if (size == 0) return FilterStatus::Continue;
    if (!held_) {
      held_ = true;
      prependBuffer(WasmBufferType::NetworkDownstreamData, "<");
      appendBuffer(WasmBufferType::NetworkDownstreamData, ">");
      static_cast<TcpRoot *>(root())->hold(id(), true);
      return FilterStatus::StopIteration;
    }
    if (getBufferBytes(WasmBufferType::NetworkDownstreamData, 0, size)->view() == "end") {
      logInfo("close upstream " + toString(closeUpstream()));
      return FilterStatus::StopIteration;
    }
    return FilterStatus::Continue;
  }
  FilterStatus onUpstreamData(size_t size, bool) override {
    logInfo("upstream " + getBufferBytes(WasmBufferType::NetworkUpstreamData, 0, size)->toString());
    return FilterStatus::Continue;
  }
  void onDownstreamConnectionClose(CloseType type) override {
    logInfo("downstream closed " + std::to_string(static_cast<int>(type)));
  }
  void onUpstreamConnectionClose(CloseType type) override {
    logInfo("upstream closed " + std::to_string(static_cast<int>(type)));
  }

private:
  bool held_ = false;
};
static RegisterContextFactory register_tcp(CONTEXT_FACTORY(Tcp), ROOT_FACTORY(TcpRoot), "tcp");
