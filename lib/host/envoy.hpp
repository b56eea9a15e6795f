// Envoy as a plugin sees it: headers in order, several of a name; streams that wait until they are
// continued; callouts, timers, metrics. Clusters answer what they are told to.
// Source: envoy 1.40, source/extensions/common/wasm/context.cc. tests/e2e/host/test_envoy.py
// compares it with a real one.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/local_proxy.hpp"

namespace wasmctl::host {

// How a call to a cluster goes wrong. Envoy's own client answers in the service's place where it
// does not; only of a reset the plugin gets nothing.
enum class CallFailure : std::uint8_t { none, connect, timeout, reset };

// What a cluster answers; the first that fits. A status that is not among the headers is 200.
struct ClusterAnswer {
  std::string cluster;  // empty: any
  std::string path;     // the same
  CallFailure failure = CallFailure::none;
  Pairs headers;
  std::string body;
  Pairs trailers;
};

// A call that was made, and which answer it got.
struct MadeCall {
  HttpCall call;
  std::optional<std::size_t> answer;
};

// What a gRPC server answers; the first that fits. To a call it gives the first message, or its
// status; on a stream see envoy_grpc.cpp. Envoy adds the headers that every response of gRPC has.
struct GrpcAnswer {
  std::string cluster;  // empty: any
  std::string service;  // the same, as in the path
  std::string method;   // the same
  CallFailure failure = CallFailure::none;
  Pairs headers;
  std::vector<std::string> messages;
  Pairs trailers;
  std::uint32_t status = 0;  // of gRPC
  std::string status_message;
};

struct MadeGrpcCall {
  GrpcCall call;
  std::vector<std::string> messages;  // all that were sent
  std::optional<std::size_t> answer;
};

// What a foreign function returns; the first that fits.
struct ForeignAnswer {
  std::string name;
  std::optional<std::string> argument;  // none: any
  std::string result;
  Status status = Status::ok;
  std::uint64_t calls = 0;  // counted here
};

// Whether what a message's headers say is the value of this property (request.path).
bool is_message_property(std::string_view path);

// What is around the plugin, beside its own configuration.
struct EnvoyWorld {
  Pairs prefixes;  // values of all properties below a path
  std::vector<ClusterAnswer> answers;
  std::vector<GrpcAnswer> grpc_answers;
  std::vector<ForeignAnswer> foreign_answers;
};

// Who closed a connection.
// Source: proxy-wasm-cpp-sdk, proxy_wasm_enums.h.
enum class CloseType : std::uint8_t { unknown = 0, local = 1, remote = 2 };

class EnvoyProxy : public LocalProxy {
 public:
  EnvoyProxy(ProxyOptions options, EnvoyWorld world, SharedState& shared);

  PhaseResult send_headers(Vm& vm, Phase phase, const Pairs& headers, EndOfStream end) override;
  PhaseResult send_body(Vm& vm, Phase phase, std::string body, EndOfStream end) override;
  std::optional<PhaseResult> send_trailers(Vm& vm, Phase phase, const Pairs& trailers) override;
  bool advance(Vm& vm, std::uint64_t nanoseconds) override;
  // Of a connection of TCP the client goes, if it is still there.
  void end_stream(Vm& vm) override;

  // TCP: the stream is a connection. What is kept comes again with what comes next. A server that
  // ends is told at once to have closed its side.
  PhaseResult open_connection(Vm& vm);
  PhaseResult send_data(Vm& vm, Phase phase, std::string_view data, EndOfStream end);
  PhaseResult close_connection(Vm& vm, CloseType by);

  // HTTP/2's METADATA: the plugin sees how many there are.
  PhaseResult send_metadata(Vm& vm, Phase phase, const Pairs& metadata);

  const std::vector<MadeCall>& calls() const { return calls_; }
  const std::vector<MadeGrpcCall>& grpc_calls() const { return grpc_calls_; }
  const std::vector<ForeignAnswer>& foreign_answers() const { return world_.foreign_answers; }
  // Of a counter or gauge its value, of a histogram the last one recorded; none: not defined.
  std::optional<std::uint64_t> metric_value(std::string_view name) const;
  // What was asked for and is not there: of properties, clusters, foreign functions.
  const std::vector<std::string>& missed() const { return missed_; }
  // What was asked for, and Envoy has, but not this host.
  const std::vector<std::string>& lacking() const { return lacking_; }
  // Of the calls that were made: for a test of many streams.
  void forget_calls();
  // What would have ended Envoy.
  const std::vector<std::string>& crashes() const { return crashes_; }

  Answer<HeaderMap*> map(ContextId context, MapType type, Access access) override;
  Answer<Buffer> buffer(ContextId context, BufferType type) override;
  Answer<std::string> property(ContextId context, std::string_view path) override;
  Status set_property(ContextId context, std::string_view path, std::string_view value) override;
  void send_local_response(ContextId context, LocalResponse response) override;
  Status continue_stream(ContextId context, StreamType type) override;
  Status close_stream(ContextId context, StreamType type) override;
  Status set_tick_period(ContextId context, std::uint32_t milliseconds) override;
  Status enqueue(std::uint32_t token, std::string_view value) override;
  std::pair<std::uint32_t, std::string> last_status(ContextId context) override;
  Answer<std::uint32_t> http_call(ContextId context, HttpCall call) override;
  Answer<std::uint32_t> grpc_call(ContextId context, GrpcCall call) override;
  Answer<std::uint32_t> grpc_stream(ContextId context, GrpcCall call) override;
  Status grpc_send(std::uint32_t token, std::string_view message, bool end_of_stream) override;
  Status grpc_cancel(std::uint32_t token) override;
  Status grpc_close(std::uint32_t token) override;
  Answer<std::uint32_t> define_metric(MetricType type, std::string_view name) override;
  Status increment_metric(std::uint32_t metric, std::int64_t by) override;
  Status record_metric(std::uint32_t metric, std::uint64_t value) override;
  Answer<std::uint64_t> metric(std::uint32_t metric) override;
  Answer<std::string> call_foreign_function(ContextId context, std::string_view name,
                                            std::string_view argument) override;

 private:
  // One direction of a stream. A map may be used from its callback on until the message goes on.
  struct Direction {
    HeaderMap headers{HeaderForm::listed};
    HeaderMap trailers{HeaderForm::listed};
    bool has_headers = false;
    bool has_trailers = false;
    std::string body;  // what has come and not gone on
    bool has_body = false;
    bool is_paused = false;
    // By the plugin, in the callback that runs: whatever that returns, unless it is a body's.
    bool is_continued = false;
    bool has_gone = false;   // the headers have: they are on the wire
    std::string released;    // of TCP: what has gone on since the last result
    bool has_ended = false;  // of TCP
  };
  // All that is over when the stream is.
  struct Stream {
    Direction request;
    Direction response;
    bool has_response = false;  // of the server
    // Of a connection.
    Direction downstream;
    Direction upstream;
    bool is_connection = false;
    std::optional<StreamType> waiting_close;  // happens when the callback has returned
    std::optional<StreamType> close;          // has happened, by the plugin
    bool is_closed = false;
    std::optional<LocalResponse> waiting_local;  // goes out when the callback has returned
    std::optional<LocalResponse> local;          // has gone out
    std::string local_body;
  };
  struct PendingCall {
    std::uint32_t token = 0;
    std::size_t answer = 0;
  };
  enum class GrpcKind : std::uint8_t { call, stream };
  struct PendingGrpc {
    std::size_t call = 0;       // in grpc_calls_
    bool is_refused = false;    // there is no such cluster
    bool has_initial = false;   // the plugin has heard of the initial metadata
    bool has_ended = false;     // the plugin sends nothing more
    bool is_forgotten = false;  // the plugin has closed it
    bool is_closed = false;     // by the server
    std::size_t delivered = 0;  // messages
  };
  struct Metric {
    std::uint32_t number = 0;
    std::string name;
  };

  const Metric* find_metric(std::uint32_t number) const;
  Direction& direction(Phase phase);
  // Delivers what is due: answers of clusters, queues that have something, and a local response.
  void settle(Vm& vm);
  void deliver(Vm& vm, const PendingCall& call);
  Answer<std::uint32_t> start_grpc(GrpcCall call, GrpcKind kind);
  bool deliver_grpc(Vm& vm);
  void deliver_to_call(Vm& vm, std::uint32_t token, const GrpcAnswer& answer);
  bool deliver_to_stream(Vm& vm, std::uint32_t token, const GrpcAnswer& answer);
  void tell_metadata(Vm& vm, std::uint32_t token, MapType type, const Pairs& pairs);
  void receive_grpc(Vm& vm, std::uint32_t token, std::string_view message);
  void close_grpc(Vm& vm, std::uint32_t token, std::uint32_t status, std::string message);
  Answer<std::string> declare_property(std::string_view argument);
  void answer_locally(Vm& vm);
  void pass_response(Vm& vm);
  void close_by_plugin(Vm& vm);
  static void release(Direction& way);
  void let_go(Direction& direction);
  PhaseResult result(Direction& direction);
  std::optional<std::string> message_property(std::string_view name) const;
  PhaseResult go_on(Direction& direction);
  // Whether nothing more comes: the plugin has answered, or the stream is no more.
  bool is_over() const { return stream_.local || stream_.is_closed; }

  EnvoyWorld world_;
  Pairs state_;  // properties that the plugin set, by the path as it gave it
  HeaderMap nothing_{HeaderForm::listed};
  Stream stream_;
  bool is_logging_ = false;
  std::deque<PendingCall> pending_;
  std::deque<std::uint32_t> ready_queues_;
  std::uint32_t next_token_ = 4;
  std::vector<MadeCall> calls_;
  // Of the call whose answer is delivered.
  HeaderMap call_headers_{HeaderForm::listed};
  HeaderMap call_trailers_{HeaderForm::listed};
  std::string call_body_;
  bool is_answering_ = false;
  std::map<std::uint32_t, PendingGrpc> grpc_;  // by token
  std::uint32_t next_grpc_call_ = 1;
  std::uint32_t next_grpc_stream_ = 1;
  std::vector<MadeGrpcCall> grpc_calls_;
  // Of the callback of gRPC that runs.
  HeaderMap grpc_metadata_{HeaderForm::listed};
  std::optional<MapType> grpc_metadata_type_;
  std::string grpc_message_;
  std::pair<std::uint32_t, std::string> status_;  // of the callout that ended last
  std::set<std::string, std::less<>> declared_;   // properties
  std::uint64_t tick_period_ns_ = 0;
  std::uint64_t next_tick_ns_ = 0;
  std::vector<Metric> metrics_;
  std::map<std::string, std::uint64_t, std::less<>> values_;  // of metrics, by name
  std::vector<std::string> missed_;
  std::vector<std::string> lacking_;
  std::vector<std::string> crashes_;
};

}  // namespace wasmctl::host
