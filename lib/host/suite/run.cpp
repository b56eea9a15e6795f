#include "host/suite/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "host/allocations.hpp"
#include "host/envoy.hpp"
#include "host/recorder.hpp"
#include "host/suite/input.hpp"
#include "host/suite/soak.hpp"
#include "host/suite/verdict.hpp"
#include "host/tester.hpp"
#include "host/trace.hpp"

namespace wasmctl::host {

namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
// The tester's clock where a suite sets none: Go's runtime does not start at 0.
constexpr std::uint64_t kDefaultTime = 1'000'000;

// The test cannot go on: what is wrong has been noted.
struct Ended {};

// Looks at a series after a quarter, a half, and all of it.
class SoakMeter {
 public:
  SoakMeter(std::string_view of, std::uint64_t runs, const Allocations& allocations)
      : allocations_(allocations) {
    series_.of = of;
    series_.runs = runs;
  }

  void ran(std::uint64_t run, std::uint64_t memory_bytes, Recorder& recorder) {
    if (run == series_.runs / 4) {
      series_.memory_at_quarter = memory_bytes;
      at_quarter_ = allocations_.sites();
    } else if (run == series_.runs / 2) {
      series_.memory_at_half = memory_bytes;
      at_half_ = allocations_.sites();
      recorder.take_costs();
    } else if (run == series_.runs) {
      series_.memory_at_end = memory_bytes;
      series_.growing = recorder.take_costs();
      std::erase_if(series_.growing, [](const auto& cost) { return cost.memory_growth == 0; });
      find_leaks();
    }
  }

  SoakSeries take() { return std::move(series_); }

 private:
  // A site that was not there yet had nothing.
  static Allocations::Site at(const std::vector<Allocations::Site>& sites, std::size_t i) {
    return i < sites.size() ? sites[i] : Allocations::Site();
  }

  void find_leaks() {
    const auto& sites = allocations_.sites();
    for (std::size_t i = 0; i < sites.size(); ++i) {
      const auto quarter = at(at_quarter_, i);
      const auto half = at(at_half_, i);
      if (quarter.bytes >= half.bytes || half.bytes >= sites[i].bytes) continue;
      const auto more = sites[i].count - std::min(sites[i].count, half.count);
      const auto bytes = sites[i].bytes - half.bytes;
      // The largest first; of the same size, in the order of their sites.
      const auto place = std::ranges::upper_bound(series_.leaks, bytes, std::ranges::greater(),
                                                  &SoakSeries::Leak::bytes);
      series_.leaks.insert(place, {sites[i], bytes, more, series_.runs - series_.runs / 2});
    }
  }

  const Allocations& allocations_;
  SoakSeries series_;
  std::vector<Allocations::Site> at_quarter_;
  std::vector<Allocations::Site> at_half_;
};

LogLevel least_level(SuiteLogLevel level) {
  if (level == SuiteLogLevel::undefined) level = SuiteLogLevel::info;
  return static_cast<LogLevel>(static_cast<std::uint8_t>(level) - 1);
}

ProxyOptions proxy_options(const Env& env, const Test& test, const RunOptions& options) {
  ProxyOptions proxy;
  proxy.log_level = least_level(env.log_level);
  const auto seconds = env.time_secs.value_or(0);
  proxy.time_ns =
      test.time_ns.value_or(seconds == 0 ? kDefaultTime : seconds * kNanosecondsPerSecond);
  proxy.configuration = test.config.value_or(options.configuration);
  proxy.vm_configuration = env.vm_config;
  proxy.root_id = env.root_id;
  for (const auto& property : test.properties) {
    if (property.prefix.empty()) proxy.properties.emplace_back(property.path, property.value);
  }
  return proxy;
}

std::vector<ClusterAnswer> answers_of(const Test& test) {
  std::vector<ClusterAnswer> answers;
  answers.reserve(test.http_call.size());
  for (const auto& given : test.http_call) {
    answers.push_back({given.cluster, given.path, static_cast<CallFailure>(given.failure),
                       pairs_of(given.header), given.content, pairs_of(given.trailer)});
  }
  return answers;
}

std::vector<GrpcAnswer> grpc_answers_of(const Test& test) {
  std::vector<GrpcAnswer> answers;
  answers.reserve(test.grpc_call.size());
  for (const auto& given : test.grpc_call) {
    answers.push_back({given.cluster, given.service, given.method,
                       static_cast<CallFailure>(given.failure), pairs_of(given.header),
                       given.message, pairs_of(given.trailer),
                       static_cast<std::uint32_t>(given.status), given.status_message});
  }
  return answers;
}

std::vector<ForeignAnswer> foreign_answers_of(const Test& test) {
  std::vector<ForeignAnswer> answers;
  answers.reserve(test.foreign_function.size());
  for (const auto& given : test.foreign_function)
    answers.push_back({given.name, given.argument, given.content, given.status});
  return answers;
}

Pairs prefixes_of(const Test& test) {
  Pairs prefixes;
  for (const auto& property : test.properties) {
    if (!property.prefix.empty()) prefixes.emplace_back(property.prefix, property.value);
  }
  return prefixes;
}

std::pair<Phase, const Invocation*> phase_of(const ConnectionEvent& event) {
  if (event.downstream_data) return {Phase::downstream_data, &*event.downstream_data};
  if (event.upstream_data) return {Phase::upstream_data, &*event.upstream_data};
  if (event.downstream_close) return {Phase::downstream_close, &*event.downstream_close};
  return {Phase::upstream_close, &*event.upstream_close};
}

class TestRun {
 public:
  TestRun(const Suite& suite, const Test& test, const RunOptions& options, SharedState& shared)
      : suite_(suite),
        test_(test),
        is_traced_(options.trace),
        trace_(options.mask),
        verdict_(suite) {
    auto proxy = proxy_options(suite.env, test, options);
    if (suite.env.host == SuiteHost::envoy) {
      // Each test has its own, so that their order does not matter.
      for (const auto& [key, value] : test.shared_data) own_shared_.set(key, value, 0);
      EnvoyWorld world{prefixes_of(test), answers_of(test), grpc_answers_of(test),
                       foreign_answers_of(test)};
      auto envoy = std::make_unique<EnvoyProxy>(std::move(proxy), std::move(world), own_shared_);
      envoy_ = envoy.get();
      proxy_ = std::move(envoy);
    } else {
      proxy_ = std::make_unique<TesterProxy>(std::move(proxy), shared);
    }
    VmOptions vm;
    vm.limits = options.limits;
    std::uint64_t most = UINT64_MAX;
    if (options.limit_of == LimitOf::each_run) std::swap(most, vm.limits.instructions);
    vm.limits.interrupted = [this, most, is_stopped = options.limits.interrupted] {
      return proxy_->logs_without_end() || (is_stopped && is_stopped()) ||
             (vm_ && vm_->store().instructions() - run_begin_ > most);
    };
    vm.coverage = options.coverage;
    vm.profile = options.profile;
    vm.observers = {&recorder_};
    if (is_traced_) vm.observers.push_back(&trace_);
    if (options.observer != nullptr) vm.observers.push_back(options.observer);
    for (const auto& [name, value] : suite.env.environment) vm.environment[name] = value;
    vm_.emplace(*options.program, *proxy_, std::move(vm));
  }

  SoakResult soak(const SoakPlan& plan) {
    SoakResult soaked;
    allocations_.emplace(*vm_, plan.allocators, recorder_);
    try {
      begin(Phase::plugin_init);
      vm_->start();
      configure_again();
      if (!test_.refuses) {
        run_series(soaked, "stream", plan.streams, [this] { run_stream(); });
      }
      run_series(soaked, "reconfiguration", plan.reconfigurations, [this] {
        proxy_->end_plugin(*vm_);
        check_vm();
        configure_again();
      });
    } catch (const Ended&) {
      soaked.failures = verdict_.take_failures();
    }
    soaked.crash = std::move(result_.crash);
    return soaked;
  }

  TestResult run() {
    try {
      run_phases();
    } catch (const Ended&) {
    }
    result_.failures = verdict_.take_failures();
    for (std::size_t i = 0; i < proxy_->log_lines().size(); ++i)
      result_.log.push_back({phase_of_line(i), proxy_->log_lines()[i]});
    result_.costs = recorder_.take_costs();
    result_.memory_bytes = vm_->memory_bytes();
    result_.trace = trace_.take_lines();
    result_.executed = vm_->instance().executed;
    return std::move(result_);
  }

 private:
  void run_phases() {
    begin(Phase::plugin_init);
    vm_->start();
    const bool configured = configure();
    if (test_.refuses) {
      if (configured) fail("the plugin takes its configuration", test_.mark);
      check_log(test_.plugin_init, kRootContext);
      throw Ended();
    }
    if (!configured) {
      verdict_.fail("the plugin refused to start", test_.mark, {}, messages(kRootContext));
      throw Ended();
    }
    check_log(test_.plugin_init, kRootContext);

    run_stream();
    if (envoy_ != nullptr) {
      check_callouts();
      check_grpc();
      check_foreign();
      check_crashes();
      check_metrics();
    }

    begin(Phase::plugin_destroy);
    proxy_->end_plugin(*vm_);
    check_vm();
    if (test_.strict) check_missed();
  }

  bool configure() {
    const bool configured = !vm_->trap() && proxy_->start_plugin(*vm_);
    check_vm();
    return configured;
  }

  void run_stream() {
    begin(Phase::stream_init);
    proxy_->start_stream(*vm_);
    check_vm();
    check_log(test_.stream_init, kStreamContext);
    if (is_of_tcp(test_)) {
      run_connection();
    } else {
      run_request();
    }

    begin(Phase::stream_destroy);
    proxy_->end_stream(*vm_);
    check_vm();
    check_log(test_.stream_destroy, kStreamContext);
  }

  void run_request() {
    send_headers(Phase::request_headers, test_.request_headers);
    send_metadata(Phase::request_metadata, test_.request_metadata);
    send_body(Phase::request_body, test_.request_body, test_.request_trailers.has_value());
    send_trailers(Phase::request_trailers, test_.request_trailers);
    send_headers(Phase::response_headers, test_.response_headers);
    send_metadata(Phase::response_metadata, test_.response_metadata);
    send_body(Phase::response_body, test_.response_body, test_.response_trailers.has_value());
    send_trailers(Phase::response_trailers, test_.response_trailers);
  }

  void run_connection() {
    const auto opening = test_.new_connection.value_or(Invocation());
    begin(Phase::new_connection, opening);
    const auto opened = envoy_->open_connection(*vm_);
    check_vm();
    check_result(opening, opened);
    for (const auto& event : test_.connection) {
      const auto [phase, invocation] = phase_of(event);
      send_data(phase, *invocation);
    }
  }

  void configure_again() {
    if (configure() || test_.refuses) return;
    forget();
    fail("the plugin refused to start", test_.mark);
    throw Ended();
  }

  template <typename Run>
  void run_series(SoakResult& soaked, std::string_view of, std::uint64_t runs, const Run& run) {
    if (runs == 0) return;
    SoakMeter meter(of, runs, *allocations_);
    for (std::uint64_t i = 1; i <= runs; ++i) {
      run_begin_ = vm_->store().instructions();
      run();
      forget();
      meter.ran(i, vm_->memory_bytes(), recorder_);
    }
    soaked.series.push_back(meter.take());
  }

  // What one stream left behind in the host.
  void forget() {
    verdict_.take_failures();
    proxy_->forget_log();
    phases_.clear();
    result_.phases.clear();
    if (envoy_ != nullptr) envoy_->forget_calls();
    vm_->forget_taken();
  }

  void begin(Phase phase) {
    verdict_.begin(phase);
    if (is_traced_) trace_.begin(to_string(phase));
    phases_.emplace_back(proxy_->log_lines().size(), phase);
  }

  Phase phase_of_line(std::size_t line) const {
    auto found = Phase::plugin_init;
    for (const auto& [first, phase] : phases_) {
      if (first <= line) found = phase;
    }
    return found;
  }

  void fail(std::string what, std::optional<yaml::Mark> mark) {
    verdict_.fail(std::move(what), mark, {}, {});
  }

  void check_vm() {
    if (proxy_->logs_without_end()) {
      fail(fmt::format("logs without end: more than {} lines or {} MiB in one test", kMostLogLines,
                       kMostLogBytes >> 20U),
           std::nullopt);
      throw Ended();
    }
    if (!vm_->trap()) return;
    const auto& trap = *vm_->trap();
    auto what = fmt::format(
        "the VM failed in {}: {}", recorder_.callback(),
        engine::to_string(trap.reason == engine::Reason::interrupted  // a run of a soak, alone
                              ? engine::Reason::instructions_used_up
                              : trap.reason));
    if (!trap.detail.empty()) what += ": " + trap.detail;
    fail(std::move(what), std::nullopt);
    result_.crash = Crash{trap, recorder_.callback(), recorder_.last_hostcall()};
    throw Ended();
  }

  // What the phase has logged in that context; of Envoy, in any.
  std::vector<std::string> messages(ContextId context) const {
    std::vector<std::string> texts;
    const auto& lines = proxy_->log_lines();
    for (auto i = phases_.back().first; i < lines.size(); ++i) {
      if (envoy_ != nullptr || lines[i].context == context) texts.push_back(lines[i].message);
    }
    return texts;
  }

  void check_log(const Expectation& expected, ContextId context) {
    verdict_.check_log(expected, messages(context));
  }

  // What `read` makes of an input; an error of it ends the test.
  template <typename Read>
  auto given(yaml::Mark mark, const Read& read) {
    try {
      return read();
    } catch (const Error& error) {
      fail(fmt::format("input: {}", error.message()), mark);
      throw Ended();
    }
  }

  std::vector<std::string> pieces_of_input(const Input& input) {
    const auto body = given(input.mark, [&] { return input_body(suite_, input); });
    try {
      return pieces_of(test_, body);
    } catch (const Error& error) {
      fail(error.message(), test_.mark);
      throw Ended();
    }
  }

  // The time that passes before the phase is part of it.
  void begin(Phase phase, const Invocation& invocation) {
    begin(phase);
    if (invocation.advance_ms) {
      proxy_->advance(*vm_, *invocation.advance_ms * kNanosecondsPerMillisecond);
      check_vm();
    }
  }

  void send_headers(Phase phase, const std::optional<Invocation>& invocation) {
    if (!invocation) return;
    begin(phase, *invocation);
    const auto kind =
        phase == Phase::request_headers ? MessageKind::request : MessageKind::response;
    const auto& input = invocation->input;
    const auto headers = given(input.mark, [&] { return input_headers(suite_, input, kind); });
    const auto end = invocation->end_of_stream.value_or(false) ? EndOfStream::yes : EndOfStream::no;
    const auto result = proxy_->send_headers(*vm_, phase, headers, end);
    check_vm();
    check_result(*invocation, result);
  }

  void send_metadata(Phase phase, const std::optional<Invocation>& invocation) {
    if (!invocation) return;
    begin(phase, *invocation);
    const auto result = envoy_->send_metadata(*vm_, phase, pairs_of(invocation->input.header));
    check_vm();
    check_result(*invocation, result);
  }

  void send_trailers(Phase phase, const std::optional<Invocation>& invocation) {
    if (!invocation) return;
    begin(phase, *invocation);
    const auto result = proxy_->send_trailers(*vm_, phase, pairs_of(invocation->input.header));
    check_vm();
    if (result) check_result(*invocation, *result);
  }

  // The last piece ends the stream, unless trailers do.
  void send_body(Phase phase, const std::vector<Invocation>& invocations, bool has_trailers) {
    if (invocations.empty()) return;
    verdict_.begin(phase);
    if (invocations.size() != 1 && (test_.num_chunks || test_.chunk_size)) {
      fail("a body that is cut into pieces is given once", invocations[1].mark);
      throw Ended();
    }
    for (const auto& invocation : invocations) {
      const auto ends = invocation.end_of_stream.value_or(!has_trailers);
      send_pieces(phase, invocation, [&](std::string piece, bool is_last) {
        const auto end = ends && is_last ? EndOfStream::yes : EndOfStream::no;
        return proxy_->send_body(*vm_, phase, std::move(piece), end);
      });
    }
  }

  // A side of a connection that ends sends nothing more.
  void send_data(Phase phase, const Invocation& invocation) {
    if (phase == Phase::downstream_close) {
      begin(phase, invocation);
      const auto result = envoy_->close_connection(*vm_, CloseType::remote);
      check_vm();
      return check_result(invocation, result);
    }
    send_pieces(phase, invocation, [&](const std::string& piece, bool is_last) {
      const bool ends = invocation.end_of_stream.value_or(phase == Phase::upstream_close);
      const auto end = ends && is_last ? EndOfStream::yes : EndOfStream::no;
      return envoy_->send_data(*vm_, phase, piece, end);
    });
  }

  // What comes of the pieces is one.
  template <typename Send>
  void send_pieces(Phase phase, const Invocation& invocation, const Send& send) {
    const auto pieces = pieces_of_input(invocation.input);
    PhaseResult whole;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      i == 0 ? begin(phase, invocation) : begin(phase);
      const auto result = send(pieces[i], i + 1 == pieces.size());
      check_vm();
      if (envoy_ != nullptr) {
        const auto before = std::move(whole.body);
        whole = result;
        if (result.local.status == 0) whole.body = before + result.body;
      } else {
        whole.body += result.body;
      }
    }
    check_result(invocation, whole);
  }

  void check_result(const Invocation& invocation, const PhaseResult& result) {
    const auto& expected = invocation.result;
    result_.phases.push_back({verdict_.phase(), result});
    if (!verdict_.check_headers(expected, result.headers)) return;
    verdict_.check_body(expected, result.body);
    verdict_.check_outcome(invocation, result);
    check_log(expected, kStreamContext);
  }

  void check_callouts() {
    std::vector<std::uint64_t> counts(test_.http_call.size());
    for (const auto& [call, answer] : envoy_->calls()) {
      if (!answer) continue;
      result_.called.insert(call.cluster);
      ++counts[*answer];
      const auto& request = test_.http_call[*answer].request;
      if (request && verdict_.check_headers(*request, call.headers))
        verdict_.check_body(*request, call.body);
    }
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const auto& given = test_.http_call[i];
      verdict_.check_calls("http_call", given.cluster, given.calls, given.mark, counts[i]);
    }
  }

  void check_grpc() {
    std::vector<std::uint64_t> counts(test_.grpc_call.size());
    for (const auto& [call, messages, answer] : envoy_->grpc_calls()) {
      if (!answer) continue;
      ++counts[*answer];
      const auto& request = test_.grpc_call[*answer].request;
      if (!request || !verdict_.check_headers(*request, call.metadata)) continue;
      for (const auto& matcher : request->body) verdict_.check("body", matcher, messages);
    }
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const auto& given = test_.grpc_call[i];
      verdict_.check_calls("grpc_call", given.cluster, given.calls, given.mark, counts[i]);
    }
  }

  void check_foreign() {
    for (std::size_t i = 0; i < test_.foreign_function.size(); ++i) {
      const auto& given = test_.foreign_function[i];
      verdict_.check_calls("foreign_function", given.name, given.calls, given.mark,
                           envoy_->foreign_answers()[i].calls);
    }
    for (const auto& what : envoy_->lacking()) {
      fail(fmt::format("this host does not have {}: say what it answers in `foreign_function`",
                       what),
           test_.mark);
    }
  }

  void check_crashes() {
    for (const auto& why : envoy_->crashes())
      fail(fmt::format("Envoy crashes: {}", why), test_.mark);
  }

  void check_metrics() {
    for (const auto& metric : test_.metrics)
      verdict_.check_metric(metric, envoy_->metric_value(metric.name));
  }

  void check_missed() {
    for (const auto& what : envoy_->missed())
      fail(fmt::format("strict: the suite does not give {}", what), test_.mark);
  }

  const Suite& suite_;
  const Test& test_;
  const bool is_traced_;
  Recorder recorder_;
  Trace trace_;
  SharedState own_shared_;
  std::unique_ptr<LocalProxy> proxy_;
  EnvoyProxy* envoy_ = nullptr;  // the same, if it is one
  std::optional<Vm> vm_;
  Verdict verdict_;
  std::vector<std::pair<std::size_t, Phase>> phases_;  // from which line of the log on
  TestResult result_;
  // Of a soak:
  std::optional<Allocations> allocations_;
  std::uint64_t run_begin_ = 0;  // instructions before the stream that runs
};

}  // namespace

bool SoakResult::passed() const {
  return failures.empty() && std::ranges::all_of(series, &SoakSeries::is_flat);
}

SoakResult soak_test(const Suite& suite, const Test& test, const RunOptions& options,
                     const SoakPlan& plan) {
  auto each = options;
  each.limit_of = LimitOf::each_run;
  SharedState shared;
  return TestRun(suite, test, each, shared).soak(plan);
}

TestResult run_test(const Suite& suite, const Test& test, const RunOptions& options,
                    SharedState& shared) {
  return TestRun(suite, test, options, shared).run();
}

}  // namespace wasmctl::host
