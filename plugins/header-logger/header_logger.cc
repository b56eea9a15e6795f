// Logs request headers, one line each: `User-Agent: curl/8.5.0`.
//
// Configuration (config.schema.json): at which level, and which headers.
#include <string_view>

#include "proxy_wasm_intrinsics.h"
#include "proxy_wasm_log.h"
#include "proxy_wasm_schema.h"
#include "proxy_wasm_views.h"

#include "config.h"

PROXY_WASM_DESCRIBE(Config);

namespace {

using proxy_wasm::HostBytes;

// Logs `User-Agent: value` of a pair `user-agent`, `value`, in the bytes where the host wrote it:
// behind the name is a zero byte, then the value, and behind that a zero byte again
// (proxy_wasm_pairs.h). So the value moves up by one, and what was free is the `: `.
void log_in_place(LogLevel level, std::string_view name, std::string_view value) {
  auto* const line = const_cast<char*>(name.data());
  char* const behind = line + name.size();
  char previous = '-';
  for (char* c = line; c != behind; ++c) {
    if (previous == '-' && *c >= 'a' && *c <= 'z') *c -= 'a' - 'A';
    previous = *c;
  }
  __builtin_memmove(behind + 2, value.data(), value.size());
  behind[0] = ':';
  behind[1] = ' ';
  proxy_log(level, line, name.size() + 2 + value.size());
}

class HeaderLogger : public RootContext {
 public:
  using RootContext::RootContext;

  bool onConfigure(size_t size) override {
    if (!proxy_wasm::configure(size, config_, text_)) return false;
    static constexpr std::string_view kConfigured = "HeaderLogger configured";
    proxy_log(config_.log_level, kConfigured.data(), kConfigured.size());
    return true;
  }

  void log_headers() const {
    if (!proxy_wasm::logs(config_.log_level)) return;
    // All pairs, as a getter by name would give the first of several values only.
    const HostBytes pairs = proxy_wasm::header_pairs(WasmHeaderMapType::RequestHeaders);
    proxy_wasm::PairsReader reader(pairs.view());
    std::string_view name, value;
    while (reader.next(name, value)) {
      if (config_.headers.has_name(name)) log_in_place(config_.log_level, name, value);
    }
  }

 private:
  Config config_;
  HostBytes text_;  // in which config_.headers is
};

class Stream : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    static_cast<HeaderLogger*>(root())->log_headers();
    return FilterHeadersStatus::Continue;
  }
};

RegisterContextFactory register_header_logger(CONTEXT_FACTORY(Stream), ROOT_FACTORY(HeaderLogger));

}  // namespace
