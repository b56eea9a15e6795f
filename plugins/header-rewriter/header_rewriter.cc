// Removes, sets and adds headers of requests and responses, in this order.
#include "proxy_wasm_intrinsics.h"
#include "proxy_wasm_schema.h"

#include "config.h"

PROXY_WASM_DESCRIBE(Config);

namespace {

class Root : public RootContext {
 public:
  using RootContext::RootContext;
  bool onConfigure(size_t size) override { return proxy_wasm::configure(size, config_); }
  const Config& config() const { return config_; }

 private:
  Config config_;
};

void rewrite(WasmHeaderMapType headers, const Rewrites& rewrites) {
  for (const auto& name : rewrites.remove) removeHeaderMapValue(headers, name);
  for (const auto& [name, value] : rewrites.set) replaceHeaderMapValue(headers, name, value);
  for (const auto& [name, value] : rewrites.add) addHeaderMapValue(headers, name, value);
}

class Stream : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    rewrite(WasmHeaderMapType::RequestHeaders, config().request);
    return FilterHeadersStatus::Continue;
  }

  FilterHeadersStatus onResponseHeaders(uint32_t, bool) override {
    rewrite(WasmHeaderMapType::ResponseHeaders, config().response);
    return FilterHeadersStatus::Continue;
  }

 private:
  const Config& config() { return static_cast<Root*>(root())->config(); }
};

RegisterContextFactory register_header_rewriter(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));

}  // namespace
