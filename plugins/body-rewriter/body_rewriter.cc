// Replaces a text in response bodies, however they are cut into chunks.
//
// The body is buffered by the host until it is whole: a text may begin in one chunk and end in
// another. Where the proxy bounds its buffers (Envoy: per_connection_buffer_limit_bytes, 1 MiB), a
// longer body is answered with 500; bodies of other types, or compressed, pass untouched.
#include "proxy_wasm_intrinsics.h"
#include "proxy_wasm_schema.h"
#include "proxy_wasm_views.h"

#include "config.h"

PROXY_WASM_DESCRIBE(Config);

namespace {

class Root : public RootContext {
 public:
  using RootContext::RootContext;

  bool onConfigure(size_t size) override {
    Config config;
    if (!proxy_wasm::configure(size, config)) return false;
    if (config.find.empty()) {
      logError("find must not be empty");
      return false;
    }
    config_ = std::move(config);
    return true;
  }

  bool wants(std::string_view content_type) const {
    for (const auto& prefix : config_.content_types) {
      if (content_type.substr(0, prefix.size()) == prefix) return true;
    }
    return false;
  }

  bool contains(std::string_view body) const {
    return body.find(config_.find) != std::string_view::npos;
  }

  std::string rewrite(std::string_view body) const {
    std::string result;
    for (;;) {
      const auto at = body.find(config_.find);
      if (at == std::string_view::npos) break;
      result.append(body.substr(0, at)).append(config_.replace);
      body.remove_prefix(at + config_.find.size());
    }
    return result.append(body);
  }

 private:
  Config config_;
};

class Stream : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onResponseHeaders(uint32_t, bool end_of_stream) override {
    rewrites_ = !end_of_stream && !proxy_wasm::response_header("content-encoding") &&
                plugin().wants(proxy_wasm::response_header("content-type").view());
    // The length is not known before the body is: the host then sends it in chunks.
    if (rewrites_) removeResponseHeader("content-length");
    return FilterHeadersStatus::Continue;
  }

  FilterDataStatus onResponseBody(size_t size, bool end_of_stream) override {
    if (!rewrites_) return FilterDataStatus::Continue;
    if (!end_of_stream) return FilterDataStatus::StopIterationAndBuffer;
    rewrite(size);
    return FilterDataStatus::Continue;
  }

  FilterTrailersStatus onResponseTrailers(uint32_t) override {
    // With trailers, no part of the body was its end.
    size_t size = 0;
    uint32_t flags = 0;
    if (rewrites_ &&
        getBufferStatus(WasmBufferType::HttpResponseBody, &size, &flags) == WasmResult::Ok) {
      rewrite(size);
    }
    return FilterTrailersStatus::Continue;
  }

 private:
  const Root& plugin() { return *static_cast<Root*>(root()); }

  void rewrite(size_t size) {
    const auto body = proxy_wasm::buffer(WasmBufferType::HttpResponseBody, 0, size);
    if (!plugin().contains(body.view())) return;
    setBuffer(WasmBufferType::HttpResponseBody, 0, size, plugin().rewrite(body.view()));
  }

  bool rewrites_ = false;
};

RegisterContextFactory register_body_rewriter(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));

}  // namespace
