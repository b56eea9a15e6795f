// Guards a TCP service: closes connections whose clients speak another protocol, or too much, and
// logs what each connection carried.
#include "proxy_wasm_intrinsics.h"
#include "proxy_wasm_log.h"
#include "proxy_wasm_schema.h"
#include "proxy_wasm_views.h"

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

class Connection : public Context {
 public:
  using Context::Context;

  FilterStatus onNewConnection() override {
    getValue({"source", "address"}, &client_);
    return FilterStatus::Continue;
  }

  FilterStatus onDownstreamData(size_t size, bool end_of_stream) override {
    if (refused_) return FilterStatus::StopIteration;
    if (!greeted_) {
      // Held back until there is enough to judge, so `size` is all that came so far.
      const std::string& prefix = config().prefix;
      const size_t common = std::min(size, prefix.size());
      const auto data = proxy_wasm::buffer(WasmBufferType::NetworkDownstreamData, 0, common);
      if (data.view() != std::string_view(prefix).substr(0, common))
        return refuse("speaks another protocol");
      if (size < prefix.size()) {
        return end_of_stream ? refuse("left before its greeting") : FilterStatus::StopIteration;
      }
      greeted_ = true;
    }
    sent_ += size;
    if (config().max_bytes != 0 && sent_ > config().max_bytes) return refuse("sent too much");
    return FilterStatus::Continue;
  }

  FilterStatus onUpstreamData(size_t size, bool) override {
    received_ += size;
    return FilterStatus::Continue;
  }

  void onDownstreamConnectionClose(CloseType) override { closed_by_ = "downstream"; }
  void onUpstreamConnectionClose(CloseType) override { closed_by_ = "upstream"; }

  void onLog() override {
    proxy_wasm::log_line(LogLevel::info, client_, ": ", std::to_string(sent_), " bytes sent, ",
                         std::to_string(received_), " received, closed ", closed_by_);
  }

 private:
  const Config& config() { return static_cast<Root*>(root())->config(); }

  FilterStatus refuse(std::string_view why) {
    refused_ = true;
    proxy_wasm::log_line(LogLevel::warn, client_, " ", why);
    closeDownstream();
    return FilterStatus::StopIteration;
  }

  std::string client_;
  std::string_view closed_by_ = "by the proxy";
  uint64_t sent_ = 0;
  uint64_t received_ = 0;
  bool greeted_ = false;
  bool refused_ = false;
};

RegisterContextFactory register_tcp_guard(CONTEXT_FACTORY(Connection), ROOT_FACTORY(Root));

}  // namespace
