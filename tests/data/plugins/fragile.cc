// Traps for a certain header, and for a certain byte across two pieces of a body; hangs for
// another; takes memory for a number.
#include <string>

#include "proxy_wasm_intrinsics.h"

namespace {

const void* volatile last = nullptr;

[[gnu::noinline]] void fall() {
  __builtin_trap();
}

class Stream : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    if (!getRequestHeader("x-fragile")->view().empty() &&
        getRequestHeader("x-depth")->view() == "deep")
      fall();
    const auto method = getRequestHeader(":method");
    if (method->view() == "TRACE") {
      while (last == nullptr) last = nullptr;
    }
    return FilterHeadersStatus::Continue;
  }

  FilterDataStatus onRequestBody(size_t size, bool) override {
    const auto body = getBufferBytes(WasmBufferType::HttpRequestBody, 0, size);
    ++pieces_;
    if (pieces_ > 2 && body->view().starts_with("}")) fall();
    return FilterDataStatus::Continue;
  }

 private:
  int pieces_ = 0;
};

}  // namespace

static RegisterContextFactory register_fragile(CONTEXT_FACTORY(Stream));
