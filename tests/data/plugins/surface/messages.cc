// The headers by themselves, messages of a protobuf library, and factories registered late.
#include "proxy_wasm_api.h"
#include "proxy_wasm_common.h"
#include "proxy_wasm_enums.h"
#include "proxy_wasm_externs.h"
struct Other : Context {
  using Context::Context;
  void onLog() override { proxy_done(); }
};
static RegisterContextFactory other(CONTEXT_FACTORY(Other), "six");
uint32_t later() {
  RegisterContextFactory temporary(CONTEXT_FACTORY(Other), "seven");
  return 0;
}
struct Message {
  int ByteSizeLong() const { return 1; }
  bool SerializeToString(std::string* s) const {
    *s = "m";
    return true;
  }
  bool ParseFromArray(const void*, int) { return true; }
};
struct MH : GrpcCallHandler<Message> {
  void onSuccess(size_t n) override {
    auto m = getBufferBytes(WasmBufferType::GrpcReceiveBuffer, 0, n)->proto<Message>();
  }
  void onFailure(GrpcStatus) override {}
};
struct MS : GrpcStreamHandler<Message, Message> {
  void onReceive(size_t) override { send(Message{}, true); }
  void onRemoteClose(GrpcStatus) override {}
};
void calls(RootContext* root) {
  root->grpcCallHandler("a", "b", "c", {}, Message{}, 1, std::make_unique<MH>());
  root->grpcSimpleCall("a", "b", "c", {}, Message{}, 1, [](size_t) {}, [](GrpcStatus) {});
  root->grpcSimpleCall("a", "b", "c", {}, Message{}, 1, [](GrpcStatus, size_t) {});
  root->grpcStreamHandler("a", "b", "c", {}, std::make_unique<MS>());
  Message m;
  getMessageValue({"a"}, &m);
}
