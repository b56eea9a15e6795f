// Factories that are functions, names of before C++17, `using namespace std`, exceptions, libc's time.
#include <ctime>
#include <map>
#include <stdexcept>
#include <string>

#include "proxy_wasm_intrinsics.h"

using namespace std;

static unique_ptr<Context> createContext(uint32_t id, RootContext *root);

class CountingRoot : public RootContext {
public:
  explicit CountingRoot(uint32_t id, StringView root_id) : RootContext(id, root_id) {}
  ~CountingRoot() override {}

  bool onStart(size_t) override {
    proxy_set_tick_period_milliseconds(1000);
    return true;
  }
  bool onConfigure(size_t configuration_size) override;
  void onTick() override {
    LOG_INFO(string("tick ") + to_string(getCurrentTimeNanoseconds()));
    for (auto &[path, count] : counts) {
      logInfo(path + "=" + to_string(count));
    }
  }

  map<string, int> counts;
  Optional<WasmDataPtr> configuration;
};

class CountingContext : public Context {
public:
  explicit CountingContext(uint32_t id, RootContext *root) : Context(id, root) {}

  FilterHeadersStatus onRequestHeaders(uint32_t headers, bool end_of_stream) override {
    Context::onRequestHeaders(headers, end_of_stream);
    auto *counting = dynamic_cast<CountingRoot *>(root());
    counting->counts[getRequestHeader(":path")->toString()]++;
    auto [code, message] = getStatus();
    LOG_WARN("code " + to_string(code) + message->toString());
    time_t now = time(nullptr);
    char date[64];
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    addRequestHeader("date", date);
    HeaderStringPairs headers_of_answer = {{"a", "b"}};
    if (getRequestHeader("x")->view().empty()) {
      sendLocalResponse(401, "", "no", headers_of_answer, GrpcStatus::Unauthenticated);
    }
    return FilterHeadersStatus::StopIteration;
  }
  void onDone() override {
    try {
      logInfo(to_string(stoi("x")));
    } catch (const invalid_argument &e) {
      logError(e.what());
    }
  }
};

static unique_ptr<RootContext> createRoot(uint32_t id, string_view root_id) {
  return make_unique<CountingRoot>(id, root_id);
}
static unique_ptr<Context> createContext(uint32_t id, RootContext *root) {
  return make_unique<CountingContext>(id, root);
}
static RegisterContextFactory register_named(createContext, createRoot, "counting");
static RegisterContextFactory register_other(&createContext);

bool CountingRoot::onConfigure(size_t configuration_size) {
  configuration = getBufferBytes(WasmBufferType::PluginConfiguration, 0, configuration_size);
  return !configuration.value()->toString().empty();
}
