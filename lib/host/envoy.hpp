// Envoy as a plugin sees it: headers in order, several of a name; streams that wait until they are
// continued; callouts, timers, metrics. Clusters answer what they are told to.
// Source: envoy 1.40, source/extensions/common/wasm/context.cc. tests/e2e/host/test_envoy.py
// compares it with a real one.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/local_proxy.hpp"

namespace wasmctl::host {

// How a call to a cluster goes wrong. Envoy's own client answers in the service's place where it
// does not; only of a reset the plugin gets nothing.
enum class CallFailure : std::uint8_t { none, connect, timeout, reset };

// What a cluster answers; the first that fits.
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

// Who closed a connection.
// Source: proxy-wasm-cpp-sdk, proxy_wasm_enums.h.
enum class CloseType : std::uint8_t { unknown = 0, local = 1, remote = 2 };

class EnvoyProxy : public LocalProxy {
 public:
  // `prefixes`: values of all properties below a path.
  EnvoyProxy(ProxyOptions options, Pairs prefixes, std::vector<ClusterAnswer> answers,
             SharedState& shared);

  PhaseResult send_headers(Vm& vm, Phase phase, const Pairs& headers, EndOfStream end) override;
  PhaseResult send_body(Vm& vm, Phase phase, std::string body, EndOfStream end) override;
  std::optional<PhaseResult> send_trailers(Vm& vm, Phase phase, const Pairs& trailers) override;
  bool advance(Vm& vm, std::uint64_t nanoseconds) override;
  // Of a connection of TCP the client goes, if it is still there.
  void end_stream(Vm& vm) override;

  // TCP: the stream is a connection. What is kept comes again with what comes next. A server that
  // ends is told at once to have closed its side.
  PhaseResult open_connection(Vm& vm);
  PhaseResult send_data(Vm& vm, Phase phase, std::string data, EndOfStream end);
  PhaseResult close_connection(Vm& vm, CloseType by);

  const std::vector<MadeCall>& calls() const { return calls_; }
  // Of a counter or gauge its value, of a histogram the last one recorded; none: not defined.
  std::optional<std::uint64_t> metric_value(std::string_view name) const;
  // What was asked for and is not there: of properties, clusters, foreign functions.
  const std::vector<std::string>& missed() const { return missed_; }

  Answer<HeaderMap*> map(ContextId context, MapType type, Access access) override;
  Answer<Buffer> buffer(ContextId context, BufferType type) override;
  Answer<std::string> property(ContextId context, std::string_view path) override;
  Status set_property(ContextId context, std::string_view path, std::string_view value) override;
  void send_local_response(ContextId context, LocalResponse response) override;
  Status continue_stream(ContextId context, StreamType type) override;
  Status close_stream(ContextId context, StreamType type) override;
  Status set_tick_period(ContextId context, std::uint32_t milliseconds) override;
  Status enqueue(std::uint32_t token, std::string_view value) override;
  Answer<std::uint32_t> http_call(ContextId context, HttpCall call) override;
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
    std::string released;    // of TCP: what has gone on since the last result
    bool has_ended = false;  // of TCP
  };
  struct PendingCall {
    std::uint32_t token = 0;
    std::size_t answer = 0;
  };
  struct Metric {
    MetricType type = MetricType::counter;
    std::string name;
  };

  Direction& direction(Phase phase);
  // Delivers what is due: answers of clusters, queues that have something, and a local response.
  void settle(Vm& vm);
  void deliver(Vm& vm, const PendingCall& call);
  void answer_locally(Vm& vm);
  void close_by_plugin(Vm& vm);
  static void release(Direction& way);
  void let_go(Direction& direction);
  PhaseResult result(Direction& direction);
  PhaseResult go_on(Direction& direction);
  // Whether nothing more comes: the plugin has answered, or the stream is no more.
  bool is_over() const { return local_ || is_closed_; }

  Pairs prefixes_;
  std::vector<ClusterAnswer> answers_;
  Pairs state_;  // properties that the plugin set, by the path as it gave it
  HeaderMap nothing_{HeaderForm::listed};
  Direction request_;
  Direction response_;
  // Of a connection.
  Direction downstream_;
  Direction upstream_;
  bool is_connection_ = false;
  std::optional<StreamType> waiting_close_;  // happens when the callback has returned
  std::optional<StreamType> close_;          // has happened, by the plugin
  bool is_closed_ = false;
  bool is_logging_ = false;
  std::optional<LocalResponse> waiting_local_;  // goes out when the callback has returned
  std::optional<LocalResponse> local_;          // has gone out
  std::string local_body_;
  std::deque<PendingCall> pending_;
  std::deque<std::uint32_t> ready_queues_;
  std::uint32_t next_token_ = 1;
  std::vector<MadeCall> calls_;
  // Of the call whose answer is delivered.
  HeaderMap call_headers_{HeaderForm::listed};
  HeaderMap call_trailers_{HeaderForm::listed};
  std::string call_body_;
  bool is_answering_ = false;
  std::uint64_t tick_period_ns_ = 0;
  std::uint64_t next_tick_ns_ = 0;
  std::vector<Metric> metrics_;
  std::map<std::string, std::uint64_t, std::less<>> values_;  // of metrics, by name
  std::vector<std::string> missed_;
};

}  // namespace wasmctl::host
