// Writes a message of protobuf's, and reads it again.
#include "hello.pb.h"
#include "proxy_wasm_intrinsics.h"

namespace {

class Example : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    demo::Hello hello;
    hello.set_name(getRequestHeader(":path")->toString());
    (*hello.mutable_counts())["x"] = 3;
    demo::Hello copy;
    if (copy.ParseFromString(hello.SerializeAsString())) {
      addRequestHeader("x-name", copy.name() + " " + std::to_string(copy.counts().at("x")));
    }
    return FilterHeadersStatus::Continue;
  }
};

RegisterContextFactory registered(CONTEXT_FACTORY(Example));

}  // namespace
