// Contexts: the objects whose methods the host's events become.
//
// A RootContext lives as long as the plugin's configuration in one worker's VM; a Context as long
// as one HTTP stream or TCP connection. A plugin derives from either or both, overrides the events
// that it wants, and registers the classes:
//
//     static RegisterContextFactory register_Example(CONTEXT_FACTORY(Example),
//                                                    ROOT_FACTORY(ExampleRoot), "root_id");
//
// Only what a class overrides becomes an export of the module: the host skips the events whose
// export is missing. proxy_wasm_exports.h does that.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy_wasm_externs.h"

class RootContext;
class Context;
class GrpcCallHandlerBase;
class GrpcStreamHandlerBase;

using HeaderStringPairs = std::vector<std::pair<std::string, std::string>>;

namespace proxy_wasm {
class CalloutTable;
class ContextTable;
class GrpcStreamCallout;
class StreamFactory;
template <class Node>
class Tree;

// Those who wait for answers to a root context's callouts: see proxy_wasm_callouts.h. Behind an
// interface, so that a plugin without callouts carries none of it.
class Callouts {
 public:
  // Whether there was ever one: else there is none to be deleted.
  static inline bool any_made = false;

  virtual ~Callouts() = default;
  virtual void onHttpCallResponse(uint32_t token, uint32_t headers, size_t body_size,
                                  uint32_t trailers) = 0;
  virtual void onGrpcReceiveInitialMetadata(uint32_t token, uint32_t headers) = 0;
  virtual void onGrpcReceiveTrailingMetadata(uint32_t token, uint32_t trailers) = 0;
  virtual void onGrpcReceive(uint32_t token, size_t body_size) = 0;
  virtual void onGrpcClose(uint32_t token, GrpcStatus status) = 0;
};
}  // namespace proxy_wasm

// What root contexts and stream contexts have in common.
class ContextBase {
 public:
  // For a class of the plugin's own beside the two below, which the host knows nothing of.
  explicit ContextBase(uint32_t id) : ContextBase(id, Kind::other) {}
  virtual ~ContextBase() = default;
  ContextBase(const ContextBase&) = delete;
  ContextBase& operator=(const ContextBase&) = delete;

  // The host's number for this context. It may be used again after onDelete.
  uint32_t id() { return id_; }

  // Makes hostcalls act on this context, for a callback that was called on another one: the answer
  // of a callout arrives at the root context, and continues or ends a stream.
  WasmResult setEffectiveContext() { return proxy_set_effective_context(id_); }

  virtual void onCreate() {}
  // Dispatches to onDone of the derived class. False: not yet, done() will be called later.
  virtual bool onDoneBase() = 0;
  // After onDone, if the plugin is used as an access log (Envoy: WasmAccessLog).
  virtual void onLog() {}
  // The last event: the object is destroyed after it.
  virtual void onDelete() {}
  // The host calls a function that it and the plugin agreed upon. Its arguments are the buffer
  // WasmBufferType::CallData, of `data_size` bytes.
  virtual void onForeignFunction(uint32_t /*foreign_function_id*/, uint32_t /*data_size*/) {}

  // This context as what it is, null as what it is not.
  virtual RootContext* asRoot();
  virtual Context* asContext();

  // The level from which on the host writes what is logged.
  WasmResult getLogLevel(LogLevel* level) { return proxy_get_log_level(level); }

  using HttpCallCallback =
      std::function<void(uint32_t headers, size_t body_size, uint32_t trailers)>;
  using GrpcSimpleCallCallback = std::function<void(GrpcStatus status, size_t body_size)>;

 private:
  friend class proxy_wasm::Tree<ContextBase>;
  friend class proxy_wasm::ContextTable;
  friend class RootContext;
  friend class Context;

  enum class Kind : uint8_t { root, stream, other };
  ContextBase(uint32_t id, Kind kind) : id_(id), kind_(kind) {}

  const uint32_t id_;
  const Kind kind_;
  ContextBase* children_[2] = {};  // in the tree of all contexts
};

// The plugin as a whole, for one root_id (Istio: pluginName).
class RootContext : public ContextBase {
 public:
  // The bytes of `root_id` outlive the context: those that a factory is given do.
  RootContext(uint32_t id, std::string_view root_id)
      : ContextBase(id, Kind::root), root_id_(root_id) {}

  std::string_view root_id() { return root_id_; }

  // Sizes are in bytes: of WasmBufferType::PluginConfiguration and ::VmConfiguration. False refuses
  // the configuration; say why in the log.
  virtual bool validateConfiguration(size_t /*configuration_size*/) { return true; }
  virtual bool onConfigure(size_t /*configuration_size*/) { return true; }
  virtual bool onStart(size_t /*vm_configuration_size*/) { return true; }

  virtual void onTick() {}
  virtual void onQueueReady(uint32_t /*token*/) {}

  // False keeps the plugin alive until done() is called.
  virtual bool onDone() { return true; }
  void done() { proxy_done(); }

  // The answers of all callouts, by the token that the call was given. Overriding one of them
  // replaces the delivery to the callbacks and handlers below.
  virtual void onHttpCallResponse(uint32_t token, uint32_t headers, size_t body_size,
                                  uint32_t trailers) {
    if (callouts_) callouts_->onHttpCallResponse(token, headers, body_size, trailers);
  }
  virtual void onGrpcReceiveInitialMetadata(uint32_t token, uint32_t headers) {
    if (callouts_) callouts_->onGrpcReceiveInitialMetadata(token, headers);
  }
  virtual void onGrpcReceiveTrailingMetadata(uint32_t token, uint32_t trailers) {
    if (callouts_) callouts_->onGrpcReceiveTrailingMetadata(token, trailers);
  }
  virtual void onGrpcReceive(uint32_t token, size_t body_size) {
    if (callouts_) callouts_->onGrpcReceive(token, body_size);
  }
  virtual void onGrpcClose(uint32_t token, GrpcStatus status) {
    if (callouts_) callouts_->onGrpcClose(token, status);
  }

  // --- Callouts ---
  // Templates only so that who calls none has none of it in his module.

  // Sends an HTTP request to a cluster. The pseudo-headers :method, :path and :authority are
  // required. `callback` gets the number of headers, the size of the body in bytes, and the number
  // of trailers of the answer, which it reads as WasmHeaderMapType::HttpCallResponseHeaders,
  // WasmBufferType::HttpCallResponseBody; all are 0 if there was no answer within the time. It is
  // called on this root context: a stream that it continues needs setEffectiveContext first. It is
  // not called if the result is not Ok.
  template <int N = 0>
  WasmResult httpCall(std::string_view cluster, const HeaderStringPairs& request_headers,
                      std::string_view request_body, const HeaderStringPairs& request_trailers,
                      uint32_t timeout_milliseconds, HttpCallCallback callback);

  // Sends one gRPC request. `service` is a cluster's name or, in Envoy, a serialized
  // envoy.config.core.v3.GrpcService; `request` a serialized message. The callback reads the answer
  // as WasmBufferType::GrpcReceiveBuffer; if the status is not Ok, getStatus() has the message.
  template <int N = 0>
  WasmResult grpcSimpleCall(std::string_view service, std::string_view service_name,
                            std::string_view method_name, const HeaderStringPairs& initial_metadata,
                            std::string_view request, uint32_t timeout_milliseconds,
                            GrpcSimpleCallCallback callback);
  template <int N = 0>
  WasmResult grpcSimpleCall(std::string_view service, std::string_view service_name,
                            std::string_view method_name, const HeaderStringPairs& initial_metadata,
                            std::string_view request, uint32_t timeout_milliseconds,
                            std::function<void(size_t body_size)> success_callback,
                            std::function<void(GrpcStatus status)> failure_callback);
  // The handler lives until the call has ended.
  template <int N = 0>
  WasmResult grpcCallHandler(std::string_view service, std::string_view service_name,
                             std::string_view method_name,
                             const HeaderStringPairs& initial_metadata, std::string_view request,
                             uint32_t timeout_milliseconds,
                             std::unique_ptr<GrpcCallHandlerBase> handler);
  // Opens a gRPC stream. The handler lives until both sides have closed it, or reset().
  template <int N = 0>
  WasmResult grpcStreamHandler(std::string_view service, std::string_view service_name,
                               std::string_view method_name,
                               const HeaderStringPairs& initial_metadata,
                               std::unique_ptr<GrpcStreamHandlerBase> handler);

  // The same for the messages of a protobuf library: whatever has SerializeToString.
  template <class Message, class = decltype(&Message::ByteSizeLong), class... Callbacks>
  WasmResult grpcSimpleCall(std::string_view service, std::string_view service_name,
                            std::string_view method_name, const HeaderStringPairs& initial_metadata,
                            const Message& request, uint32_t timeout_milliseconds,
                            Callbacks... callbacks);
  template <class Message, class = decltype(&Message::ByteSizeLong)>
  WasmResult grpcCallHandler(std::string_view service, std::string_view service_name,
                             std::string_view method_name,
                             const HeaderStringPairs& initial_metadata, const Message& request,
                             uint32_t timeout_milliseconds,
                             std::unique_ptr<GrpcCallHandlerBase> handler);

 private:
  friend class proxy_wasm::CalloutTable;
  friend class proxy_wasm::ContextTable;

  bool onDoneBase() override { return onDone(); }

  const std::string_view root_id_;
  // Makes its stream contexts; null: what is registered without a root_id does.
  const proxy_wasm::StreamFactory* streams_ = nullptr;
  // Owned, and deleted by the ContextTable: with nothing to do in this destructor, the base class's
  // virtual table is dead, and the one of the derived class the only one to call through.
  proxy_wasm::Callouts* callouts_ = nullptr;
};

// One HTTP stream, or one TCP connection.
class Context : public ContextBase {
 public:
  Context(uint32_t id, RootContext* root) : ContextBase(id, Kind::stream), root_(root) {}

  RootContext* root() { return root_; }

  // TCP. Sizes are of the data that is buffered now: NetworkDownstreamData, NetworkUpstreamData.
  virtual FilterStatus onNewConnection() { return FilterStatus::Continue; }
  virtual FilterStatus onDownstreamData(size_t /*data_size*/, bool /*end_of_stream*/) {
    return FilterStatus::Continue;
  }
  virtual FilterStatus onUpstreamData(size_t /*data_size*/, bool /*end_of_stream*/) {
    return FilterStatus::Continue;
  }
  virtual void onDownstreamConnectionClose(CloseType) {}
  virtual void onUpstreamConnectionClose(CloseType) {}

  // HTTP. `headers` and `trailers` are how many there are, `end_of_stream` says that nothing
  // follows, `body_buffer_length` is in bytes, of what is buffered now: HttpRequestBody or
  // HttpResponseBody.
  virtual FilterHeadersStatus onRequestHeaders(uint32_t /*headers*/, bool /*end_of_stream*/) {
    return FilterHeadersStatus::Continue;
  }
  virtual FilterMetadataStatus onRequestMetadata(uint32_t /*elements*/) {
    return FilterMetadataStatus::Continue;
  }
  virtual FilterDataStatus onRequestBody(size_t /*body_buffer_length*/, bool /*end_of_stream*/) {
    return FilterDataStatus::Continue;
  }
  virtual FilterTrailersStatus onRequestTrailers(uint32_t /*trailers*/) {
    return FilterTrailersStatus::Continue;
  }
  virtual FilterHeadersStatus onResponseHeaders(uint32_t /*headers*/, bool /*end_of_stream*/) {
    return FilterHeadersStatus::Continue;
  }
  virtual FilterMetadataStatus onResponseMetadata(uint32_t /*elements*/) {
    return FilterMetadataStatus::Continue;
  }
  virtual FilterDataStatus onResponseBody(size_t /*body_buffer_length*/, bool /*end_of_stream*/) {
    return FilterDataStatus::Continue;
  }
  virtual FilterTrailersStatus onResponseTrailers(uint32_t /*trailers*/) {
    return FilterTrailersStatus::Continue;
  }

  // The stream is at its end.
  virtual void onDone() {}

 private:
  bool onDoneBase() override {
    onDone();
    return true;
  }

  RootContext* const root_;
};

inline RootContext* ContextBase::asRoot() {
  return kind_ == Kind::root ? static_cast<RootContext*>(this) : nullptr;
}
inline Context* ContextBase::asContext() {
  return kind_ == Kind::stream ? static_cast<Context*>(this) : nullptr;
}

// The context of that number, or null if there is none (any more), or none of that kind.
Context* getContext(uint32_t context_id);
RootContext* getRootContext(uint32_t context_id);
ContextBase* getContextBase(uint32_t context_id);

// The root context of that root_id, the last one if there are several; null if there is none.
RootContext* getRoot(std::string_view root_id);
