// Leaks what its configuration says: "stream", "chunk", "configuration", "growing", "bounded", or
// nothing.
#include <map>
#include <string>
#include <vector>

#include "proxy_wasm_intrinsics.h"

namespace {

struct Note {
  char text[16];
};

std::string leak;
std::vector<Note> notes;          // of "growing"
std::map<int, std::string> seen;  // of "bounded"
const void* volatile last = nullptr;

[[gnu::noinline]] void keep(size_t size) {
  auto* kept = static_cast<char*>(malloc(size));
  kept[0] = 1;
  last = kept;
}

class Root : public RootContext {
 public:
  using RootContext::RootContext;

  bool onConfigure(size_t size) override {
    leak = getBufferBytes(WasmBufferType::PluginConfiguration, 0, size)->toString();
    if (leak == "configuration") keep(100);
    return true;
  }
};

class Stream : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    // What every stream takes and gives back is no leak.
    const std::string large(2000, static_cast<char>('a' + (leak.size() % 10)));
    last = large.data();
    while (leak == "endless") last = &leak;
    if (leak == "growing") notes.push_back({});
    if (leak == "bounded" && seen.size() < 100) seen[static_cast<int>(seen.size())] = large;
    return FilterHeadersStatus::Continue;
  }

  FilterDataStatus onRequestBody(size_t, bool) override {
    if (leak == "chunk") keep(40);
    return FilterDataStatus::Continue;
  }

  void onLog() override {
    if (leak == "stream") keep(16);
  }
};

}  // namespace

static RegisterContextFactory register_leaky(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));
