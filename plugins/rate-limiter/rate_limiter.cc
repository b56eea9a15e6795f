// Limits requests with token buckets: a bucket holds up to `burst` tokens, fills at a steady rate,
// and each request takes one; a request that finds none is answered 429.
//
// The buckets are shared data, so that all worker threads of the proxy draw from the same ones. A
// bucket is not a count but a time: when it will be full. That needs no timer, and one
// compare-and-swap a request. (Also known as the generic cell rate algorithm: ITU-T I.371.)
#include <string.h>

#include "proxy_wasm_intrinsics.h"
#include "proxy_wasm_log.h"
#include "proxy_wasm_schema.h"
#include "proxy_wasm_views.h"

#include "config.h"

PROXY_WASM_DESCRIBE(Config);

namespace {

constexpr uint64_t kNanosecondsPerMinute = 60'000'000'000;
constexpr int kAttempts = 10;  // other threads may be quicker, but not for ever

class Root : public RootContext {
 public:
  using RootContext::RootContext;

  bool onConfigure(size_t size) override {
    Config config;
    if (!proxy_wasm::configure(size, config)) return false;
    if (config.requests_per_minute == 0 || config.burst == 0) {
      logError("requests_per_minute and burst must be at least 1");
      return false;
    }
    config_ = std::move(config);
    return true;
  }

  const std::string& header() const { return config_.header; }

  // How long, in nanoseconds, until a token is there; 0 takes one.
  uint64_t take(const std::string& bucket) const {
    const uint64_t per_token = kNanosecondsPerMinute / config_.requests_per_minute;
    const uint64_t capacity = per_token * config_.burst;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const uint64_t now = getCurrentTimeNanoseconds();
      uint32_t cas = 0;
      const uint64_t full = std::max(read(bucket, &cas), now) + per_token;
      if (full - now > capacity) return full - now - capacity;
      const std::string_view value(reinterpret_cast<const char*>(&full), sizeof full);
      if (setSharedData(bucket, value, cas) == WasmResult::Ok) return 0;
    }
    logWarn("the bucket is fought over: the request passes uncounted");
    return 0;
  }

 private:
  // When the bucket is full; 0, which is long ago, if it is new or not of this plugin's making.
  static uint64_t read(const std::string& bucket, uint32_t* cas) {
    uint64_t full = 0;
    WasmDataPtr data;
    if (getSharedData(bucket, &data, cas) == WasmResult::Ok && data->size() == sizeof full) {
      memcpy(&full, data->data(), sizeof full);
    }
    return full;
  }

  Config config_;
};

class Stream : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    const auto* plugin = static_cast<Root*>(root());
    std::string bucket = "rate-limiter:";
    if (!plugin->header().empty()) {
      bucket += proxy_wasm::request_header(plugin->header()).view();
    }
    const uint64_t wait = plugin->take(bucket);
    if (wait == 0) return FilterHeadersStatus::Continue;
    const uint64_t seconds = (wait + 999'999'999) / 1'000'000'000;
    sendLocalResponse(429, "rate_limited", "too many requests\n",
                      {{"retry-after", std::to_string(seconds)}});
    return FilterHeadersStatus::StopAllIterationAndWatermark;
  }
};

RegisterContextFactory register_rate_limiter(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));

}  // namespace
