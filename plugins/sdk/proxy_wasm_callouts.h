// HTTP and gRPC callouts: the calls themselves, and the delivery of their answers.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "proxy_wasm_exports.h"
#include "proxy_wasm_pairs.h"
#include "proxy_wasm_tree.h"

// --- The hostcalls: the plugin keeps the token, and overrides the callbacks of RootContext ---

namespace proxy_wasm {

// Pairs as the host reads them.
class PairsBuffer {
 public:
  template <class Pairs>
  explicit PairsBuffer(const Pairs& pairs) {
    if (pairs.empty()) return;
    size_ = pairsSize(pairs);
    data_ = std::make_unique<char[]>(size_);
    marshalPairs(pairs, data_.get());
  }

  char* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
};

}  // namespace proxy_wasm

inline WasmResult makeHttpCall(std::string_view cluster, const HeaderStringPairs& request_headers,
                               std::string_view request_body,
                               const HeaderStringPairs& request_trailers,
                               uint32_t timeout_milliseconds, uint32_t* token) {
  const proxy_wasm::PairsBuffer headers(request_headers);
  const proxy_wasm::PairsBuffer trailers(request_trailers);
  return proxy_http_call(cluster.data(), cluster.size(), headers.data(), headers.size(),
                         request_body.data(), request_body.size(), trailers.data(), trailers.size(),
                         timeout_milliseconds, token);
}

inline WasmResult grpcCall(std::string_view service, std::string_view service_name,
                           std::string_view method_name, const HeaderStringPairs& initial_metadata,
                           std::string_view request, uint32_t timeout_milliseconds,
                           uint32_t* token) {
  const proxy_wasm::PairsBuffer metadata(initial_metadata);
  return proxy_grpc_call(service.data(), service.size(), service_name.data(), service_name.size(),
                         method_name.data(), method_name.size(), metadata.data(), metadata.size(),
                         request.data(), request.size(), timeout_milliseconds, token);
}

inline WasmResult grpcStream(std::string_view service, std::string_view service_name,
                             std::string_view method_name,
                             const HeaderStringPairs& initial_metadata, uint32_t* token) {
  const proxy_wasm::PairsBuffer metadata(initial_metadata);
  return proxy_grpc_stream(service.data(), service.size(), service_name.data(), service_name.size(),
                           method_name.data(), method_name.size(), metadata.data(), metadata.size(),
                           token);
}

inline WasmResult grpcCancel(uint32_t token) {
  return proxy_grpc_cancel(token);
}
inline WasmResult grpcClose(uint32_t token) {
  return proxy_grpc_close(token);
}
inline WasmResult grpcSend(uint32_t token, std::string_view message, bool end_stream) {
  return proxy_grpc_send(token, message.data(), message.size(), end_stream ? 1 : 0);
}

// --- Handlers of gRPC calls ---

// What comes of one gRPC request: one of the two is called, once.
class GrpcCallHandlerBase {
 public:
  virtual ~GrpcCallHandlerBase() = default;

  RootContext* context() { return context_; }
  uint32_t token() { return token_; }

  // Ends the call. This object is gone afterwards, unless it is in one of its callbacks.
  void cancel();

  // The answer is WasmBufferType::GrpcReceiveBuffer, of that many bytes.
  virtual void onSuccess(size_t body_size) = 0;
  virtual void onFailure(GrpcStatus status) = 0;

 private:
  friend class proxy_wasm::CalloutTable;

  RootContext* context_ = nullptr;
  uint32_t token_ = 0;
};

// `Message` says what the answer is; the bytes come as they are.
template <typename Message>
class GrpcCallHandler : public GrpcCallHandlerBase {};

// One gRPC stream. After close() and after a send that ends this side, callbacks still come, until
// the other side has closed, too; after reset() none comes.
class GrpcStreamHandlerBase {
 public:
  virtual ~GrpcStreamHandlerBase() = default;

  RootContext* context() { return context_; }
  uint32_t token() { return token_; }

  WasmResult send(std::string_view message, bool end_of_stream);
  void close();
  // This object is gone afterwards.
  void reset();

  virtual void onReceiveInitialMetadata(uint32_t /*headers*/) {}
  virtual void onReceiveTrailingMetadata(uint32_t /*trailers*/) {}
  virtual void onReceive(size_t body_size) = 0;
  virtual void onRemoteClose(GrpcStatus status) = 0;

 protected:
  // What the host's report of the other side's end comes to. This object may be gone afterwards.
  void doRemoteClose(GrpcStatus status);

  bool local_close_ = false;
  bool remote_close_ = false;
  RootContext* context_ = nullptr;
  uint32_t token_ = 0;

 private:
  friend class proxy_wasm::CalloutTable;
  friend class proxy_wasm::GrpcStreamCallout;

  // This side is at its end: so is the object, if the other one is.
  void close_local();
};

// A stream of messages: of a protobuf library, or of anything that is a string of bytes already.
template <typename Request, typename Response>
class GrpcStreamHandler : public GrpcStreamHandlerBase {
 public:
  WasmResult send(const Request& message, bool end_of_stream) {
    if constexpr (std::is_convertible_v<const Request&, std::string_view>) {
      return GrpcStreamHandlerBase::send(message, end_of_stream);
    } else {
      std::string bytes;
      if (!message.SerializeToString(&bytes)) return WasmResult::SerializationFailure;
      return GrpcStreamHandlerBase::send(bytes, end_of_stream);
    }
  }
};

namespace proxy_wasm {

// Somebody who waits for the answer of a callout.
class Callout {
 public:
  enum class Answers : uint8_t { one, many };

  Callout(uint32_t token, Answers answers) : id_(token), answers_(answers) {}
  virtual ~Callout() = default;

  virtual void http_response(uint32_t /*headers*/, size_t /*body_size*/, uint32_t /*trailers*/) {}
  virtual void initial_metadata(uint32_t /*headers*/) {}
  virtual void trailing_metadata(uint32_t /*trailers*/) {}
  virtual void receive(size_t /*body_size*/) {}
  // True if the callout is at its end and still in the table.
  virtual bool close(GrpcStatus) { return true; }

 private:
  friend class Tree<Callout>;
  friend class CalloutTable;

  const uint32_t id_;
  const Answers answers_;
  Callout* children_[2] = {};
};

class HttpCallout final : public Callout {
 public:
  HttpCallout(uint32_t token, ContextBase::HttpCallCallback callback)
      : Callout(token, Answers::one), callback_(std::move(callback)) {}
  void http_response(uint32_t headers, size_t body_size, uint32_t trailers) override {
    if (callback_) callback_(headers, body_size, trailers);
  }

 private:
  ContextBase::HttpCallCallback callback_;
};

class GrpcSimpleCallout final : public Callout {
 public:
  GrpcSimpleCallout(uint32_t token, ContextBase::GrpcSimpleCallCallback callback)
      : Callout(token, Answers::one), callback_(std::move(callback)) {}
  void receive(size_t body_size) override {
    if (callback_) callback_(GrpcStatus::Ok, body_size);
  }
  bool close(GrpcStatus status) override {
    if (callback_) callback_(status, 0);
    return true;
  }

 private:
  ContextBase::GrpcSimpleCallCallback callback_;
};

class GrpcCallCallout final : public Callout {
 public:
  GrpcCallCallout(uint32_t token, std::unique_ptr<GrpcCallHandlerBase> handler)
      : Callout(token, Answers::one), handler_(std::move(handler)) {}
  void receive(size_t body_size) override { handler_->onSuccess(body_size); }
  bool close(GrpcStatus status) override {
    handler_->onFailure(status);
    return true;
  }

 private:
  std::unique_ptr<GrpcCallHandlerBase> handler_;
};

// The callouts of one root context that are under way. HTTP and gRPC number theirs separately.
class CalloutTable final : public Callouts {
 public:
  ~CalloutTable() override {
    clear(http_);
    clear(grpc_);
  }

  static CalloutTable& of(RootContext* root) {
    if (root->callouts_ == nullptr) {
      root->callouts_ = new CalloutTable;
      any_made = true;
    }
    return *static_cast<CalloutTable*>(root->callouts_);
  }

  void add_http(Callout* callout) { http_.insert(callout); }
  void add_grpc(Callout* callout) { grpc_.insert(callout); }

  template <class Handler>
  static void bind(Handler& handler, RootContext* root, uint32_t token) {
    handler.context_ = root;
    handler.token_ = token;
  }

  bool has_grpc(uint32_t token) { return grpc_.find(token) != nullptr; }
  void erase_grpc(uint32_t token) { delete grpc_.remove(token); }

  void onHttpCallResponse(uint32_t token, uint32_t headers, size_t body_size,
                          uint32_t trailers) override {
    // Out of the table before the callback: it may start callouts, or end this context.
    const std::unique_ptr<Callout> callout(http_.remove(token));
    if (callout) callout->http_response(headers, body_size, trailers);
  }
  void onGrpcReceiveInitialMetadata(uint32_t token, uint32_t headers) override {
    if (Callout* callout = grpc_.find(token)) callout->initial_metadata(headers);
  }
  void onGrpcReceiveTrailingMetadata(uint32_t token, uint32_t trailers) override {
    if (Callout* callout = grpc_.find(token)) callout->trailing_metadata(trailers);
  }
  void onGrpcReceive(uint32_t token, size_t body_size) override {
    Callout* const callout = grpc_.find(token);
    if (callout == nullptr) return;
    const std::unique_ptr<Callout> last = remove_if_last(*callout);
    callout->receive(body_size);
  }
  void onGrpcClose(uint32_t token, GrpcStatus status) override {
    Callout* const callout = grpc_.find(token);
    if (callout == nullptr) return;
    const std::unique_ptr<Callout> last = remove_if_last(*callout);
    if (callout->close(status)) erase_grpc(token);
  }

 private:
  // A callout that this answer ends is out of the table before its callback, and deleted after it.
  std::unique_ptr<Callout> remove_if_last(Callout& callout) {
    const bool last = callout.answers_ == Callout::Answers::one;
    return std::unique_ptr<Callout>(last ? grpc_.remove(callout.id_) : nullptr);
  }

  static void clear(Tree<Callout>& tree) {
    while (Callout* callout = tree.any()) delete tree.remove(callout->id_);
  }

  Tree<Callout> http_;
  Tree<Callout> grpc_;
};

class GrpcStreamCallout final : public Callout {
 public:
  GrpcStreamCallout(uint32_t token, std::unique_ptr<GrpcStreamHandlerBase> handler)
      : Callout(token, Answers::many), handler_(std::move(handler)) {}
  // In any of these the handler may reset itself: nothing of this object may be touched afterwards.
  void initial_metadata(uint32_t headers) override { handler_->onReceiveInitialMetadata(headers); }
  void trailing_metadata(uint32_t trailers) override {
    handler_->onReceiveTrailingMetadata(trailers);
  }
  void receive(size_t body_size) override { handler_->onReceive(body_size); }
  bool close(GrpcStatus status) override {
    handler_->doRemoteClose(status);
    return false;  // it has seen to that
  }

 private:
  std::unique_ptr<GrpcStreamHandlerBase> handler_;
};

}  // namespace proxy_wasm

inline void GrpcCallHandlerBase::cancel() {
  grpcCancel(token_);
  proxy_wasm::CalloutTable::of(context_).erase_grpc(token_);
}

inline void GrpcStreamHandlerBase::reset() {
  grpcCancel(token_);
  proxy_wasm::CalloutTable::of(context_).erase_grpc(token_);
}

inline void GrpcStreamHandlerBase::close_local() {
  local_close_ = true;
  if (remote_close_) proxy_wasm::CalloutTable::of(context_).erase_grpc(token_);
}

inline void GrpcStreamHandlerBase::doRemoteClose(GrpcStatus status) {
  auto& table = proxy_wasm::CalloutTable::of(context_);
  const uint32_t token = token_;
  onRemoteClose(status);
  if (!table.has_grpc(token)) return;  // it has reset itself
  remote_close_ = true;
  if (local_close_) table.erase_grpc(token);  // else this side may still send
}

inline void GrpcStreamHandlerBase::close() {
  grpcClose(token_);
  close_local();
}

inline WasmResult GrpcStreamHandlerBase::send(std::string_view message, bool end_of_stream) {
  const WasmResult result = grpcSend(token_, message, end_of_stream);
  if (result == WasmResult::Ok && end_of_stream) close_local();
  return result;
}

// --- The calls with callbacks and handlers ---

#define PROXY_WASM_EXPORT(method) static_cast<void>(&::proxy_wasm::Export_##method<(N >= 0)>::call)

template <int N>
WasmResult RootContext::httpCall(std::string_view cluster, const HeaderStringPairs& request_headers,
                                 std::string_view request_body,
                                 const HeaderStringPairs& request_trailers,
                                 uint32_t timeout_milliseconds, HttpCallCallback callback) {
  PROXY_WASM_EXPORT(onHttpCallResponse);
  uint32_t token = 0;
  const WasmResult result = makeHttpCall(cluster, request_headers, request_body, request_trailers,
                                         timeout_milliseconds, &token);
  if (result == WasmResult::Ok) {
    proxy_wasm::CalloutTable::of(this).add_http(
        new proxy_wasm::HttpCallout(token, std::move(callback)));
  }
  return result;
}

template <int N>
WasmResult RootContext::grpcSimpleCall(std::string_view service, std::string_view service_name,
                                       std::string_view method_name,
                                       const HeaderStringPairs& initial_metadata,
                                       std::string_view request, uint32_t timeout_milliseconds,
                                       GrpcSimpleCallCallback callback) {
  PROXY_WASM_EXPORT(onGrpcReceive);
  PROXY_WASM_EXPORT(onGrpcClose);
  uint32_t token = 0;
  const WasmResult result = grpcCall(service, service_name, method_name, initial_metadata, request,
                                     timeout_milliseconds, &token);
  if (result == WasmResult::Ok) {
    proxy_wasm::CalloutTable::of(this).add_grpc(
        new proxy_wasm::GrpcSimpleCallout(token, std::move(callback)));
  }
  return result;
}

template <int N>
WasmResult RootContext::grpcSimpleCall(std::string_view service, std::string_view service_name,
                                       std::string_view method_name,
                                       const HeaderStringPairs& initial_metadata,
                                       std::string_view request, uint32_t timeout_milliseconds,
                                       std::function<void(size_t body_size)> success_callback,
                                       std::function<void(GrpcStatus status)> failure_callback) {
  return grpcSimpleCall(service, service_name, method_name, initial_metadata, request,
                        timeout_milliseconds,
                        GrpcSimpleCallCallback([success = std::move(success_callback),
                                                failure = std::move(failure_callback)](
                                                   GrpcStatus status, size_t body_size) {
                          if (status == GrpcStatus::Ok) {
                            success(body_size);
                          } else {
                            failure(status);
                          }
                        }));
}

template <int N>
WasmResult RootContext::grpcCallHandler(std::string_view service, std::string_view service_name,
                                        std::string_view method_name,
                                        const HeaderStringPairs& initial_metadata,
                                        std::string_view request, uint32_t timeout_milliseconds,
                                        std::unique_ptr<GrpcCallHandlerBase> handler) {
  PROXY_WASM_EXPORT(onGrpcReceive);
  PROXY_WASM_EXPORT(onGrpcClose);
  uint32_t token = 0;
  const WasmResult result = grpcCall(service, service_name, method_name, initial_metadata, request,
                                     timeout_milliseconds, &token);
  if (result == WasmResult::Ok) {
    proxy_wasm::CalloutTable::bind(*handler, this, token);
    proxy_wasm::CalloutTable::of(this).add_grpc(
        new proxy_wasm::GrpcCallCallout(token, std::move(handler)));
  }
  return result;
}

template <int N>
WasmResult RootContext::grpcStreamHandler(std::string_view service, std::string_view service_name,
                                          std::string_view method_name,
                                          const HeaderStringPairs& initial_metadata,
                                          std::unique_ptr<GrpcStreamHandlerBase> handler) {
  PROXY_WASM_EXPORT(onGrpcReceiveInitialMetadata);
  PROXY_WASM_EXPORT(onGrpcReceiveTrailingMetadata);
  PROXY_WASM_EXPORT(onGrpcReceive);
  PROXY_WASM_EXPORT(onGrpcClose);
  uint32_t token = 0;
  const WasmResult result =
      grpcStream(service, service_name, method_name, initial_metadata, &token);
  if (result == WasmResult::Ok) {
    proxy_wasm::CalloutTable::bind(*handler, this, token);
    proxy_wasm::CalloutTable::of(this).add_grpc(
        new proxy_wasm::GrpcStreamCallout(token, std::move(handler)));
  }
  return result;
}

#undef PROXY_WASM_EXPORT

template <class Message, class, class... Callbacks>
WasmResult RootContext::grpcSimpleCall(std::string_view service, std::string_view service_name,
                                       std::string_view method_name,
                                       const HeaderStringPairs& initial_metadata,
                                       const Message& request, uint32_t timeout_milliseconds,
                                       Callbacks... callbacks) {
  std::string bytes;
  if (!request.SerializeToString(&bytes)) return WasmResult::SerializationFailure;
  return grpcSimpleCall(service, service_name, method_name, initial_metadata,
                        std::string_view(bytes), timeout_milliseconds, std::move(callbacks)...);
}

template <class Message, class>
WasmResult RootContext::grpcCallHandler(std::string_view service, std::string_view service_name,
                                        std::string_view method_name,
                                        const HeaderStringPairs& initial_metadata,
                                        const Message& request, uint32_t timeout_milliseconds,
                                        std::unique_ptr<GrpcCallHandlerBase> handler) {
  std::string bytes;
  if (!request.SerializeToString(&bytes)) return WasmResult::SerializationFailure;
  return grpcCallHandler(service, service_name, method_name, initial_metadata,
                         std::string_view(bytes), timeout_milliseconds, std::move(handler));
}
