// Logs its configuration, marks requests, and answers those that have a body: for tests/cli/test.txt.
#include "proxy_wasm_intrinsics.h"

class Root : public RootContext {
 public:
  using RootContext::RootContext;
  bool onConfigure(size_t size) override {
    const auto text = getBufferBytes(WasmBufferType::PluginConfiguration, 0, size);
    logInfo("configured with " + text->toString());
    return true;
  }
};

int divide(int by) {
  if (by == 0) __builtin_trap();
  return 1 / by;
}

class Stream : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    const auto divisor = getRequestHeader("divisor")->toString();
    if (!divisor.empty()) logInfo(std::to_string(divide(divisor[0] - '0')));
    addRequestHeader("x-guard", "yes");
    return FilterHeadersStatus::Continue;
  }
  FilterDataStatus onRequestBody(size_t, bool) override {
    sendLocalResponse(413, "no_bodies", "no bodies\n", {});
    return FilterDataStatus::StopIterationNoBuffer;
  }
};

static RegisterContextFactory registered(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));
