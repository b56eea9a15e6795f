// Names and forms of the upstream SDK that other tests do not use: it is enough that they compile.
#include <string>
#include <string_view>
#include <unordered_map>
#include "proxy_wasm_intrinsics.h"
namespace ns {
class Base : public Context {
 public:
  explicit Base(uint32_t id, RootContext* root) : Context(id, root) {}
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    return FilterHeadersStatus::Continue;
  }
};
class Derived final : public Base {
 public:
  using Base::Base;

 private:
  FilterHeadersStatus onResponseHeaders(uint32_t, bool) override {
    return FilterHeadersStatus::ContinueAndEndStream;
  }
  FilterMetadataStatus onRequestMetadata(uint32_t) override {
    return FilterMetadataStatus::Continue;
  }
  void onForeignFunction(uint32_t, uint32_t n) override {
    auto d = getBufferBytes(WasmBufferType::CallData, 0, n);
  }
  void onDone() noexcept override {}
};
struct Root : RootContext {
  using RootContext::RootContext;
  void onQueueReady(uint32_t) noexcept override {}
  bool onDone() override {
    done();
    return false;
  }
};
}  // namespace ns
static RegisterContextFactory r1{CONTEXT_FACTORY(ns::Derived)};
static RegisterContextFactory r2(ROOT_FACTORY(ns::Root), "two");
ContextFactory f = CONTEXT_FACTORY(ns::Base);
RootFactory g = ROOT_FACTORY(ns::Root);
static RegisterContextFactory r3(f, g, "three");
static RegisterContextFactory r4(CONTEXT_FACTORY(ns::Base), nullptr, std::string_view("four"));
template <class T>
struct Tmpl : Context {
  using Context::Context;
  FilterDataStatus onRequestBody(size_t, bool) override { return FilterDataStatus::Continue; }
};
static RegisterContextFactory r5(CONTEXT_FACTORY(Tmpl<std::pair<int, int>>), "five");
WASM_EXPORT(uint32_t, my_export, (uint32_t x)) {
  return x + 1;
}
extern "C" PROXY_WASM_KEEPALIVE void kept() {}
void use() {
  std::unique_ptr<WasmData> d = getRequestHeader("x");
  for (auto& [k, v] : getResponseHeaderPairs()->pairs()) {
    LOG_TRACE(std::string(k) + "=" + std::string(v));
  }
  LOG_WARN("a" + std::to_string(1));
  LOG_CRITICAL("b");
  const std::string cs = "x";
  addRequestHeader(cs, "y");
  replaceRequestHeader("a", std::to_string(3));
  std::unordered_map<std::pair<std::string, std::string>, int, PairHash> m;
  m[{"a", "b"}] = 1;
  std::unordered_map<std::tuple<int, int, int>, int, Tuple3Hash> m3;
  m3[{1, 2, 3}] = 1;
  if (sendLocalResponse(302, "details", "", {{"location", "x" + cs}},
                        GrpcStatus::Unauthenticated) != WasmResult::Ok)
    logAbort("x");
  char buffer[64];
  std::vector<std::pair<std::string_view, std::string_view>> p{{"a", "b"}};
  if (pairsSize(p) < 64) marshalPairs(p, buffer);
  const char* ptr;
  size_t size;
  exportPairs(p, &ptr, &size);
  ::free((void*)ptr);
  void* vp;
  MakeHeaderStringPairsBuffer({{"a", "b"}}, &vp, &size);
  ::free(vp);
  uint32_t token;
  makeHttpCall("c", {}, "", {}, 1, &token);
  grpcCall("a", "b", "c", {}, "d", 1, &token);
  grpcStream("a", "b", "c", {}, &token);
  grpcSend(token, "x", true);
  grpcClose(token);
  grpcCancel(token);
  uint32_t id;
  defineMetric(MetricType::Gauge, "x", &id);
  recordMetric(id, 3);
  incrementMetric(id, 1);
  uint64_t v;
  getMetric(id, &v);
  continueDownstream();
  continueUpstream();
  closeUpstream();
  closeDownstream();
  closeRequest();
  closeResponse();
  continueResponse();
  PeerType t = PeerType::Remote;
  (void)t;
  std::string s = toString(3) + toString(true) + toString("x") + toString(std::string_view("y")) +
                  toString(WasmResult::Empty);
  getRequestTrailer("x");
  getRequestTrailerPairs();
  setRequestTrailerPairs({});
  getRequestTrailerSize(&size);
  addResponseTrailer("a", "b");
  replaceResponseTrailer("a", "b");
  removeResponseTrailer("a");
  getResponseTrailer("b");
  setResponseTrailerPairs({});
  getResponseTrailerSize(&size);
  removeRequestTrailer("x");
  replaceRequestTrailer("x", "y");
  getResponseHeaderSize(&size);
  setFilterStateStringValue("a", "b");
  Histogram<std::string, int, bool> h("h", "a", "b", "c");
  h.record(1, "x", 2, false);
  auto sh = h.resolve("x", 1, true);
  sh.record(3);
  Gauge<int, std::string> g("g", "a", MetricTagDescriptor<std::string>("b"));
  g.record(3, 1, "x");
  g.get(1, "x");
  Counter<> named_only = Counter("named_only");  // told by the arguments alone
  Gauge<> level = Gauge("level");
  Histogram<> times = Histogram("times");
  named_only.increment(1);
  level.record(2);
  times.record(3);
  auto* c = Counter<>::New("plain");
  c->increment(1);
  (*c).record(2);
  Counter<std::string> cc("cc", "tag");
  cc.increment(1, "x");
}
