// Callouts over gRPC: what Envoy's client tells a plugin of a server that answers as it was told.
// Source: envoy 1.40, source/extensions/common/wasm/context.cc,
// source/common/grpc/async_client_impl.cc. tests/e2e/host/test_envoy_grpc.py compares it with a
// real one.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/envoy.hpp"
#include "host/protobuf.hpp"

namespace wasmctl::host {

namespace {

constexpr std::uint32_t kUnavailable = 14;  // a status of gRPC

// How Envoy says that a call failed: the message, and behind it the details of its response.
struct FailureWords {
  std::string_view message;
  std::string_view details;
};

FailureWords words_of(CallFailure failure) {
  switch (failure) {
    case CallFailure::timeout:
      return {"upstream request timeout", "response_timeout"};
    case CallFailure::reset:
      return {
          "upstream connect error or disconnect/reset before headers. reset reason: connection "
          "termination",
          "upstream_reset_before_response_started{connection_termination}"};
    default:
      return {
          "upstream connect error or disconnect/reset before headers. reset reason: remote "
          "connection failure",
          "upstream_reset_before_response_started{remote_connection_failure|"
          "delayed_connect_error:_Connection_refused}"};
  }
}

// What a server that does not answer is taken to have said.
GrpcAnswer told(const GrpcAnswer& given) {
  if (given.failure == CallFailure::none) return given;
  GrpcAnswer answer;
  answer.failure = given.failure;
  answer.status = kUnavailable;
  answer.status_message = words_of(given.failure).message;
  return answer;
}

std::string status_text(const GrpcAnswer& answer) {
  const auto details = answer.failure == CallFailure::none ? std::string_view("via_upstream")
                                                           : words_of(answer.failure).details;
  if (answer.status_message.empty()) return std::string(details);
  return fmt::format("{}{{{}}}", answer.status_message, details);
}

// A server that refuses at once sends trailers alone.
bool is_trailers_alone(const GrpcAnswer& answer) {
  return answer.status != 0 && answer.headers.empty() && answer.messages.empty();
}

const Pairs kResponse = {{":status", "200"}, {"content-type", "application/grpc"}};

Pairs initial_metadata(const GrpcAnswer& answer) {
  if (is_trailers_alone(answer)) return {};
  const HeaderMap map(HeaderForm::listed, answer.headers);
  Pairs pairs;
  for (const auto& pair : kResponse) {
    if (!map.get(pair.first)) pairs.push_back(pair);
  }
  pairs.insert(pairs.end(), answer.headers.begin(), answer.headers.end());
  return pairs;
}

Pairs trailing_metadata(const GrpcAnswer& answer) {
  Pairs pairs = is_trailers_alone(answer) ? kResponse : Pairs();
  pairs.emplace_back("grpc-status", std::to_string(answer.status));
  if (!answer.status_message.empty()) pairs.emplace_back("grpc-message", answer.status_message);
  pairs.insert(pairs.end(), answer.trailers.begin(), answer.trailers.end());
  return pairs;
}

// The two lowest bits of a number say what it is of.
constexpr std::uint32_t kTypeMask = 3;
constexpr std::uint32_t kCall = 1;
constexpr std::uint32_t kStream = 2;
constexpr std::uint32_t kStep = 4;

bool is_call(std::uint32_t token) {
  return (token & kTypeMask) == kCall;
}

bool is_stream(std::uint32_t token) {
  return (token & kTypeMask) == kStream;
}

// The cluster that an envoy.config.core.v3.GrpcService names, or the target of Google's client;
// none: the bytes are no such message, and so the cluster's name itself.
std::optional<std::string> cluster_of_service(std::string_view service) {
  const auto fields = read_protobuf(service);
  if (!fields) return std::nullopt;
  for (const std::uint32_t client : {1U, 2U}) {
    const auto message = read_protobuf(bytes_of(*fields, client));
    if (message && !message->empty()) return std::string(bytes_of(*message, 1));
  }
  return "";
}

}  // namespace

// The number of a call that is on its way, or why there is none.
Answer<std::uint32_t> EnvoyProxy::start_grpc(GrpcCall call, GrpcKind kind) {
  const auto named = cluster_of_service(call.service);
  const auto cluster = named.value_or(call.service);
  const auto fits = [](const std::string& wanted, const std::string& actual) {
    return wanted.empty() || wanted == actual;
  };
  const auto& answers = world_.grpc_answers;
  const auto found = std::ranges::find_if(answers, [&](const GrpcAnswer& answer) {
    return fits(answer.cluster, cluster) && fits(answer.service, call.name) &&
           fits(answer.method, call.method);
  });
  const bool exists = found != answers.end();
  if (!exists) {
    missed_.push_back(
        fmt::format("an answer of the cluster `{}` to `{}/{}`", cluster, call.name, call.method));
    if (!named) return Status::parse_failure;
  }
  auto& next = kind == GrpcKind::call ? next_grpc_call_ : next_grpc_stream_;
  const auto token = next * kStep + (kind == GrpcKind::call ? kCall : kStream);
  ++next;
  PendingGrpc pending;
  pending.is_refused = !exists;
  pending.call = grpc_calls_.size();
  MadeGrpcCall made{std::move(call), {}, std::nullopt};
  if (exists) made.answer = static_cast<std::size_t>(found - answers.begin());
  if (kind == GrpcKind::call) made.messages.push_back(made.call.message);
  grpc_calls_.push_back(std::move(made));
  grpc_.emplace(token, pending);
  if (!exists) return Status::internal_failure;
  return token;
}

Answer<std::uint32_t> EnvoyProxy::grpc_call(ContextId /*context*/, GrpcCall call) {
  return start_grpc(std::move(call), GrpcKind::call);
}

Answer<std::uint32_t> EnvoyProxy::grpc_stream(ContextId /*context*/, GrpcCall call) {
  return start_grpc(std::move(call), GrpcKind::stream);
}

Status EnvoyProxy::grpc_send(std::uint32_t token, std::string_view message, bool end_of_stream) {
  if (!is_stream(token)) return Status::bad_argument;
  const auto found = grpc_.find(token);
  if (found == grpc_.end()) return Status::not_found;
  auto& stream = found->second;
  if (stream.is_closed || stream.has_ended) return Status::ok;
  grpc_calls_[stream.call].messages.emplace_back(message);
  stream.has_ended = end_of_stream;
  return Status::ok;
}

Status EnvoyProxy::grpc_cancel(std::uint32_t token) {
  if (!is_call(token) && !is_stream(token)) return Status::bad_argument;
  return grpc_.erase(token) == 0 ? Status::not_found : Status::ok;
}

Status EnvoyProxy::grpc_close(std::uint32_t token) {
  if (!is_call(token) && !is_stream(token)) return Status::bad_argument;
  const auto found = grpc_.find(token);
  if (found == grpc_.end()) return Status::not_found;
  auto& stream = found->second;
  if (is_call(token) || stream.is_closed) {
    grpc_.erase(found);
  } else {
    stream.has_ended = true;
    stream.is_forgotten = true;
  }
  return Status::ok;
}

// Those that are on their way are still needed.
void EnvoyProxy::forget_calls() {
  calls_.clear();
  missed_.clear();
  if (grpc_.empty()) grpc_calls_.clear();
}

// Delivers the next thing that a server says; false: none has anything to say.
bool EnvoyProxy::deliver_grpc(Vm& vm) {
  for (auto& [token, pending] : grpc_) {
    if (pending.is_closed) continue;
    const auto number = token;
    if (pending.is_refused) {
      close_grpc(vm, number, kUnavailable, "Cluster not available");
      return true;
    }
    const auto answer = told(world_.grpc_answers[*grpc_calls_[pending.call].answer]);
    if (is_call(number)) {
      deliver_to_call(vm, number, answer);
      return true;
    }
    if (deliver_to_stream(vm, number, answer)) return true;
  }
  return false;
}

void EnvoyProxy::deliver_to_call(Vm& vm, std::uint32_t token, const GrpcAnswer& answer) {
  if (answer.status != 0) return close_grpc(vm, token, answer.status, status_text(answer));
  receive_grpc(vm, token, answer.messages.empty() ? "" : answer.messages.front());
  grpc_.erase(token);
}

// Each message is answered by the next one; when the plugin has ended its side, the others come,
// and the server ends. An error does not wait for that.
bool EnvoyProxy::deliver_to_stream(Vm& vm, std::uint32_t token, const GrpcAnswer& answer) {
  auto& stream = grpc_.at(token);
  if (!stream.has_initial) {
    stream.has_initial = true;
    tell_metadata(vm, token, MapType::grpc_initial_metadata, initial_metadata(answer));
    return true;
  }
  const bool has_more = stream.delivered < answer.messages.size();
  const bool is_asked = stream.delivered < grpc_calls_[stream.call].messages.size();
  if (has_more && (is_asked || stream.has_ended)) {
    receive_grpc(vm, token, answer.messages[stream.delivered++]);
    return true;
  }
  if (!stream.has_ended && (answer.status == 0 || has_more)) return false;
  tell_metadata(vm, token, MapType::grpc_trailing_metadata, trailing_metadata(answer));
  if (grpc_.contains(token)) close_grpc(vm, token, answer.status, status_text(answer));
  return true;
}

void EnvoyProxy::tell_metadata(Vm& vm, std::uint32_t token, MapType type, const Pairs& pairs) {
  const bool is_initial = type == MapType::grpc_initial_metadata;
  grpc_metadata_.assign(pairs);
  grpc_metadata_type_ = type;
  vm.call(is_initial ? "proxy_on_grpc_receive_initial_metadata"
                     : "proxy_on_grpc_receive_trailing_metadata",
          kRootContext, {token, static_cast<std::uint32_t>(grpc_metadata_.size())});
  grpc_metadata_type_.reset();
}

void EnvoyProxy::receive_grpc(Vm& vm, std::uint32_t token, std::string_view message) {
  grpc_message_ = message;
  vm.call("proxy_on_grpc_receive", kRootContext,
          {token, static_cast<std::uint32_t>(grpc_message_.size())});
  grpc_message_.clear();
}

// A stream is known until the plugin has closed it, too.
void EnvoyProxy::close_grpc(Vm& vm, std::uint32_t token, std::uint32_t status,
                            std::string message) {
  grpc_.at(token).is_closed = true;
  status_ = {status, std::move(message)};
  vm.call("proxy_on_grpc_close", kRootContext, {token, status});
  status_.second.clear();
  const auto found = grpc_.find(token);
  if (found != grpc_.end() && (is_call(token) || found->second.is_forgotten)) grpc_.erase(found);
}

}  // namespace wasmctl::host
