// On the raw ABI: no context classes, exports by PROXY_WASM_KEEPALIVE and by name alone.
#include "proxy_wasm_intrinsics.h"

extern "C" PROXY_WASM_KEEPALIVE void proxy_abi_version_0_2_0() {}
extern "C" void proxy_on_context_create(uint32_t, uint32_t) {}
extern "C" PROXY_WASM_KEEPALIVE uint32_t proxy_on_vm_start(uint32_t, uint32_t) { return 1; }
extern "C" PROXY_WASM_KEEPALIVE FilterHeadersStatus proxy_on_request_headers(uint32_t, uint32_t, uint32_t) {
  logInfo("raw");
  return FilterHeadersStatus::Continue;
}
