// Asks a service about each request: 200 lets it pass, any other answer goes to the client as it
// is.
//
// The request waits meanwhile. The answer arrives at the root context, perhaps after the client has
// gone: then the stream's context exists no more, so it is looked up by its number.
#include "proxy_wasm_intrinsics.h"
#include "proxy_wasm_schema.h"
#include "proxy_wasm_views.h"

#include "config.h"

PROXY_WASM_DESCRIBE(Config);

namespace {

class Stream;

class Root : public RootContext {
 public:
  using RootContext::RootContext;
  bool onConfigure(size_t size) override { return proxy_wasm::configure(size, config_); }
  const Config& config() const { return config_; }

  // Asks about the request that the effective context is at.
  WasmResult ask(uint32_t stream_id);

 private:
  HeaderStringPairs question() const {
    HeaderStringPairs headers = {
        {":method", "GET"},
        {":path", config_.path},
        {":authority", config_.authority},
        {"x-original-method", std::string(proxy_wasm::request_header(":method").view())},
        {"x-original-path", std::string(proxy_wasm::request_header(":path").view())},
    };
    for (const auto& name : config_.request_headers) {
      if (const auto value = proxy_wasm::request_header(name))
        headers.emplace_back(name, value.view());
    }
    return headers;
  }

  Config config_;
};

class Stream : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    for (const auto& name : config().upstream_headers) removeRequestHeader(name);
    if (plugin().ask(id()) == WasmResult::Ok)
      return FilterHeadersStatus::StopAllIterationAndWatermark;
    // No such cluster, or the call could not even start.
    return failed() ? FilterHeadersStatus::Continue
                    : FilterHeadersStatus::StopAllIterationAndWatermark;
  }

  // The service's answer, in the callback of the call; without headers there is none.
  void answered(uint32_t headers, size_t body_size) {
    const auto status = answer_header(":status");
    HeaderStringPairs for_upstream;
    for (const auto& name : config().upstream_headers) {
      if (const auto value = answer_header(name)) for_upstream.emplace_back(name, value.view());
    }
    const auto body = proxy_wasm::buffer(WasmBufferType::HttpCallResponseBody, 0, body_size);

    setEffectiveContext();  // from here on, hostcalls are about this stream
    // Envoy says 503 or 504 in the service's place where that does not answer.
    if (headers == 0 || status.size() != 3 || status.view()[0] == '5') {
      if (failed()) continueRequest();
    } else if (status.view() == "200") {
      for (const auto& [name, value] : for_upstream) replaceRequestHeader(name, value);
      continueRequest();
    } else {
      sendLocalResponse(code_of(status.view()), "ext_authz_denied", body.view(), {});
    }
  }

 private:
  Root& plugin() { return *static_cast<Root*>(root()); }
  const Config& config() { return plugin().config(); }

  static proxy_wasm::HostBytes answer_header(std::string_view name) {
    return proxy_wasm::header(WasmHeaderMapType::HttpCallResponseHeaders, name);
  }

  // A status of three digits; a service that answers anything else is not to be trusted.
  static uint32_t code_of(std::string_view status) {
    uint32_t code = 0;
    for (const char c : status) {
      if (c < '0' || c > '9') return 403;
      code = code * 10 + static_cast<uint32_t>(c - '0');
    }
    return code < 200 ? 403 : code;
  }

  // The service failed: true if the request may pass, else it is answered.
  bool failed() {
    if (config().fail_open) return true;
    sendLocalResponse(503, "ext_authz_failed", "the authorization service failed\n", {});
    return false;
  }
};

WasmResult Root::ask(uint32_t stream_id) {
  return httpCall(config_.cluster, question(), "", {}, config_.timeout_ms,
                  [stream_id](uint32_t headers, size_t body_size, uint32_t) {
                    if (auto* stream = static_cast<Stream*>(getContext(stream_id))) {
                      stream->answered(headers, body_size);
                    }
                  });
}

RegisterContextFactory register_ext_authz(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));

}  // namespace
