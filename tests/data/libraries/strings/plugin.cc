// Abseil's strings alone, which is a small part of it.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proxy_wasm_intrinsics.h"

namespace {

class Example : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    const auto path = getRequestHeader(":path");
    const std::vector<std::string_view> parts = absl::StrSplit(path->view(), '/');
    addRequestHeader("x-last", absl::StrCat(parts.back(), " of ", parts.size()));
    return FilterHeadersStatus::Continue;
  }
};

RegisterContextFactory registered(CONTEXT_FACTORY(Example));

}  // namespace
