// Counts requests by method and class of status, with their time and how many are under way.
//
//     wasmcustom.method.GET.status.2xx.requests_total          counter
//     wasmcustom.requests_in_flight                            gauge
//     wasmcustom.requests_milliseconds                         histogram
//     wasmcustom.value.VALUE.requests_by_header                counter, if `header` is configured
#include <memory>

#include "proxy_wasm_intrinsics.h"
#include "proxy_wasm_schema.h"
#include "proxy_wasm_views.h"

#include "config.h"

PROXY_WASM_DESCRIBE(Config);

namespace {

// A client may send any method: only these are counted by name.
std::string known_method(std::string_view method) {
  for (const char* known : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    if (method == known) return known;
  }
  return "other";
}

struct Metrics {
  explicit Metrics(const Config& config)
      : total(config.prefix + "_total", "method", "status"),
        in_flight(MetricType::Gauge, config.prefix + "_in_flight"),
        milliseconds(config.prefix + "_milliseconds"),
        by_header(config.prefix + "_by_header", "value") {}

  Counter<std::string, std::string> total;
  Metric in_flight;
  Histogram<> milliseconds;
  Counter<std::string> by_header;
};

class Root : public RootContext {
 public:
  using RootContext::RootContext;

  bool onConfigure(size_t size) override {
    if (!proxy_wasm::configure(size, config_)) return false;
    metrics_ = std::make_unique<Metrics>(config_);
    return true;
  }

  const Config& config() const { return config_; }
  Metrics& metrics() { return *metrics_; }

 private:
  Config config_;
  std::unique_ptr<Metrics> metrics_;
};

class Stream : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    started_ = getCurrentTimeNanoseconds();
    method_ = known_method(proxy_wasm::request_header(":method").view());
    metrics().in_flight.increment(1);
    if (const auto& name = plugin().config().header; !name.empty()) {
      if (const auto value = proxy_wasm::request_header(name)) {
        metrics().by_header.increment(1, std::string(value.view()));
      }
    }
    return FilterHeadersStatus::Continue;
  }

  FilterHeadersStatus onResponseHeaders(uint32_t, bool) override {
    const auto status = proxy_wasm::response_header(":status");
    if (status.size() == 3) status_ = std::string(1, status.view()[0]) + "xx";
    return FilterHeadersStatus::Continue;
  }

  void onDone() override {
    if (started_ == 0) return;  // it ended before its headers came
    metrics().total.increment(1, method_, status_);
    metrics().in_flight.increment(-1);
    const uint64_t elapsed = getCurrentTimeNanoseconds() - started_;
    metrics().milliseconds.record(static_cast<int64_t>(elapsed / 1'000'000));
  }

 private:
  Root& plugin() { return *static_cast<Root*>(root()); }
  Metrics& metrics() { return plugin().metrics(); }

  uint64_t started_ = 0;
  std::string method_;
  std::string status_ = "none";  // no response: the client or the upstream went away
};

RegisterContextFactory register_request_metrics(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));

}  // namespace
