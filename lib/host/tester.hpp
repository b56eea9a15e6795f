// The proxy that Google's plugin tester is, with all that it does otherwise than Envoy: headers are
// sorted and joined, a pause is for ever, and most calls are not implemented.
// Source: GoogleCloudPlatform/service-extensions e9fcee7, plugins/test/framework.cc.
#pragma once

#include <optional>
#include <string>

#include "host/local_proxy.hpp"

namespace wasmctl::host {

class TesterProxy : public LocalProxy {
 public:
  using LocalProxy::LocalProxy;

  PhaseResult send_headers(Vm& vm, Phase phase, const Pairs& headers, EndOfStream end) override;
  PhaseResult send_body(Vm& vm, Phase phase, std::string body, EndOfStream end) override;
  void end_stream(Vm& vm) override;

  // Plugins are told to log all, whatever is kept of it.
  LogLevel log_level() const override { return LogLevel::trace; }
  Answer<HeaderMap*> map(ContextId context, MapType type, Access access) override;
  Answer<Buffer> buffer(ContextId context, BufferType type) override;
  Answer<std::string> property(ContextId context, std::string_view path) override;
  void send_local_response(ContextId context, LocalResponse response) override;

 private:
  bool is_local_response_allowed() const;

  // Stays after the callback, and so what may be called then.
  std::optional<Phase> phase_;
  bool in_headers_ = false;
  HeaderMap headers_{HeaderForm::joined};
  std::string body_;       // of the callback
  LocalResponse local_;    // of the phase
  bool has_sent_ = false;  // in this phase or before: later ones have no part in the stream
};

}  // namespace wasmctl::host
