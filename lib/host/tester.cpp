#include "host/tester.hpp"

#include <algorithm>
#include <utility>

namespace wasmctl::host {

// Headers are never the end of a stream.
PhaseResult TesterProxy::send_headers(Vm& vm, Phase phase, const Pairs& headers,
                                      EndOfStream /*end*/) {
  const bool is_request = phase == Phase::request_headers;
  if (has_sent_ && !is_request) return {};
  local_ = {};
  headers_.assign(headers);
  phase_ = phase;
  in_headers_ = true;
  const auto returned =
      vm.call(is_request ? "proxy_on_request_headers" : "proxy_on_response_headers", kStreamContext,
              {static_cast<std::uint32_t>(headers_.size()), 0});
  in_headers_ = false;
  return {read_headers_status(vm, returned), headers_.pairs(), local_.body, local_};
}

// What a local response says is lost here: the result has the body alone.
PhaseResult TesterProxy::send_body(Vm& vm, Phase phase, std::string body, EndOfStream end) {
  if (has_sent_) return {};
  local_ = {};
  headers_.assign({});
  body_ = std::move(body);
  phase_ = phase;
  vm.call(phase == Phase::request_body ? "proxy_on_request_body" : "proxy_on_response_body",
          kStreamContext,
          {static_cast<std::uint32_t>(body_.size()), end == EndOfStream::yes ? 1U : 0U});
  PhaseResult result;
  result.body = std::exchange(body_, {});
  return result;
}

void TesterProxy::end_stream(Vm& vm) {
  LocalProxy::end_stream(vm);
  has_sent_ = false;
}

Answer<HeaderMap*> TesterProxy::map(ContextId context, MapType type, Access /*access*/) {
  if (context != kStreamContext) return Status::unimplemented;
  const auto of_phase =
      phase_ == Phase::request_headers ? MapType::request_headers : MapType::response_headers;
  if (!in_headers_ || type != of_phase) return Status::bad_argument;
  return &headers_;
}

Answer<Buffer> TesterProxy::buffer(ContextId context, BufferType type) {
  if (type == BufferType::plugin_configuration) return Buffer{options().configuration, {}};
  const bool is_body = (type == BufferType::request_body && phase_ == Phase::request_body) ||
                       (type == BufferType::response_body && phase_ == Phase::response_body);
  if (context != kStreamContext || !is_body) return Status::not_found;
  return Buffer{body_, [this](std::size_t start, std::size_t size, std::string_view data) {
                  body_.replace(std::min(start, body_.size()), size, data);
                  return Status::ok;
                }};
}

Answer<std::string> TesterProxy::property(ContextId context, std::string_view path) {
  if (context != kStreamContext) {
    if (path == "plugin_root_id") return std::string();
    return Status::unimplemented;
  }
  const auto found =
      std::ranges::find(options().properties, dotted_path(path), &Pairs::value_type::first);
  if (found == options().properties.end()) return Status::not_found;
  return found->second;
}

bool TesterProxy::is_local_response_allowed() const {
  return phase_ == Phase::request_headers || phase_ == Phase::response_headers ||
         phase_ == Phase::request_body;
}

void TesterProxy::send_local_response(ContextId context, LocalResponse response) {
  if (context != kStreamContext || !is_local_response_allowed()) return;
  has_sent_ = true;
  headers_.assign({});
  for (const auto& [name, value] : response.headers) headers_.replace(name, value);
  local_ = std::move(response);
}

}  // namespace wasmctl::host
