// Logs request headers, one line each: `User-Agent: curl/8.5.0`.
//
// Configuration (config.h): at which level, and which headers.
#include "proxy_wasm_headers.h"
#include "proxy_wasm_intrinsics.h"
#include "proxy_wasm_log.h"
#include "proxy_wasm_schema.h"

#include "config.h"

PROXY_WASM_DESCRIBE(Config);

namespace {

// One for each configuration.
class HeaderLogger : public RootContext {
 public:
  using RootContext::RootContext;

  bool onConfigure(size_t size) override {
    if (!config_.read(size)) return false;
    proxy_wasm::log_line(config_->log_level, "HeaderLogger configured");
    return true;
  }

  const Config& config() const { return *config_; }

 private:
  proxy_wasm::PluginConfig<Config> config_;
};

// One for each request.
class Request : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    const auto& config = static_cast<HeaderLogger*>(root())->config();
    if (!proxy_wasm::logs(config.log_level)) return FilterHeadersStatus::Continue;
    // All of them, as a getter by name would give the first of several values only.
    proxy_wasm::Headers headers(WasmHeaderMapType::RequestHeaders);
    while (headers.next()) {
      if (config.headers.has_name(headers.name())) headers.log(config.log_level);
    }
    return FilterHeadersStatus::Continue;
  }
};

RegisterContextFactory register_header_logger(CONTEXT_FACTORY(Request), ROOT_FACTORY(HeaderLogger));

}  // namespace
