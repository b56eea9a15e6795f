// Takes a path apart by a regular expression of RE2's.
#include "proxy_wasm_intrinsics.h"
#include "re2/re2.h"

namespace {

class Example : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    static const RE2 pattern("/v(\\d+)/(\\w+)");
    int version = 0;
    std::string name;
    if (RE2::FullMatch(getRequestHeader(":path")->toString(), pattern, &version, &name)) {
      addRequestHeader("x-name", name + " of " + std::to_string(version));
    }
    return FilterHeadersStatus::Continue;
  }
};

RegisterContextFactory registered(CONTEXT_FACTORY(Example));

}  // namespace
