#include "host/suite/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "host/envoy.hpp"
#include "host/recorder.hpp"
#include "host/suite/http1.hpp"
#include "host/suite/match.hpp"
#include "host/tester.hpp"
#include "host/trace.hpp"

namespace wasmctl::host {

namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;
// The tester's clock where a suite sets none: Go's runtime does not start at 0.
constexpr std::uint64_t kDefaultTime = 1'000'000;

// The test cannot go on: what is wrong has been noted.
struct Ended {};

LogLevel least_level(SuiteLogLevel level) {
  if (level == SuiteLogLevel::undefined) level = SuiteLogLevel::info;
  return static_cast<LogLevel>(static_cast<std::uint8_t>(level) - 1);
}

ProxyOptions proxy_options(const Env& env, const Test& test, const RunOptions& options) {
  ProxyOptions proxy;
  proxy.log_level = least_level(env.log_level);
  const auto seconds = env.time_secs.value_or(0);
  proxy.time_ns = seconds == 0 ? kDefaultTime : seconds * kNanosecondsPerSecond;
  proxy.configuration = test.config.value_or(options.configuration);
  proxy.vm_configuration = env.vm_config;
  proxy.root_id = env.root_id;
  for (const auto& property : test.properties) {
    if (property.prefix.empty()) proxy.properties.emplace_back(property.path, property.value);
  }
  return proxy;
}

Pairs pairs_of(const std::vector<Header>& headers) {
  Pairs pairs;
  for (const auto& header : headers) pairs.emplace_back(header.key, header.value);
  return pairs;
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

Pairs prefixes_of(const Test& test) {
  Pairs prefixes;
  for (const auto& property : test.properties) {
    if (!property.prefix.empty()) prefixes.emplace_back(property.prefix, property.value);
  }
  return prefixes;
}

std::vector<std::string> lines_of(const Pairs& headers) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : headers) lines.push_back(fmt::format("{}: {}", name, value));
  return lines;
}

class TestRun {
 public:
  TestRun(const Suite& suite, const Test& test, const RunOptions& options, SharedState& shared)
      : suite_(suite), test_(test), is_traced_(options.trace) {
    auto proxy = proxy_options(suite.env, test, options);
    if (suite.env.host == SuiteHost::envoy) {
      // Each test has its own, so that their order does not matter.
      for (const auto& [key, value] : test.shared_data) own_shared_.set(key, value, 0);
      auto envoy = std::make_unique<EnvoyProxy>(std::move(proxy), prefixes_of(test),
                                                answers_of(test), own_shared_);
      envoy_ = envoy.get();
      proxy_ = std::move(envoy);
    } else {
      proxy_ = std::make_unique<TesterProxy>(std::move(proxy), shared);
    }
    VmOptions vm;
    vm.limits = options.limits;
    vm.coverage = options.coverage;
    vm.profile = options.profile;
    vm.observers = {&recorder_};
    if (is_traced_) vm.observers.push_back(&trace_);
    for (const auto& [name, value] : suite.env.environment) vm.environment[name] = value;
    vm_.emplace(*options.program, *proxy_, std::move(vm));
  }

  TestResult run() {
    try {
      run_phases();
    } catch (const Ended&) {
    }
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
    const bool configured = !vm_->trap() && proxy_->start_plugin(*vm_);
    check_vm();
    if (test_.refuses) {
      if (configured) fail("the plugin takes its configuration", test_.mark, {}, {});
      check_log(test_.plugin_init, kRootContext);
      throw Ended();
    }
    if (!configured) {
      fail("the plugin refused to start", test_.mark, {}, messages(kRootContext));
      throw Ended();
    }
    check_log(test_.plugin_init, kRootContext);

    begin(Phase::stream_init);
    proxy_->start_stream(*vm_);
    check_vm();
    check_log(test_.stream_init, kStreamContext);

    send_headers(Phase::request_headers, test_.request_headers);
    send_body(Phase::request_body, test_.request_body, test_.request_trailers.has_value());
    send_trailers(Phase::request_trailers, test_.request_trailers);
    send_headers(Phase::response_headers, test_.response_headers);
    send_body(Phase::response_body, test_.response_body, test_.response_trailers.has_value());
    send_trailers(Phase::response_trailers, test_.response_trailers);

    begin(Phase::stream_destroy);
    proxy_->end_stream(*vm_);
    check_vm();
    check_log(test_.stream_destroy, kStreamContext);

    if (envoy_ != nullptr) check_callouts();
    if (envoy_ != nullptr) check_metrics();

    begin(Phase::plugin_destroy);
    proxy_->end_plugin(*vm_);
    check_vm();
    if (test_.strict) check_missed();
  }

  void begin(Phase phase) {
    phase_ = phase;
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

  void fail(std::string what, std::optional<yaml::Mark> mark, std::vector<std::string> expected,
            std::vector<std::string> actual) {
    result_.failures.push_back(
        {phase_, std::move(what), mark, std::move(expected), std::move(actual)});
  }

  void check_vm() {
    if (!vm_->trap()) return;
    const auto& trap = *vm_->trap();
    auto what = fmt::format("the VM failed in {}: {}", recorder_.callback(),
                            engine::to_string(trap.reason));
    if (!trap.detail.empty()) what += ": " + trap.detail;
    fail(std::move(what), std::nullopt, {}, {});
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
    for (const auto& matcher : expected.log) check("log", matcher, messages(context));
  }

  void check(std::string_view field, const StringMatcher& matcher,
             const std::vector<std::string>& texts) {
    try {
      if (matches(suite_, matcher, texts)) return;
    } catch (const Error& error) {
      return fail(fmt::format("{}: {}", field, error.message()), matcher.mark, {}, {});
    }
    fail(
        fmt::format("{}: {}", field, describe(matcher)), matcher.mark,
        matcher.exact && !matcher.invert ? std::vector{*matcher.exact} : std::vector<std::string>{},
        texts);
  }

  // The headers that the suite gives; an error of them ends the test.
  Pairs headers_of(const Input& input) {
    const auto kind =
        phase_ == Phase::request_headers ? MessageKind::request : MessageKind::response;
    try {
      if (!input.file.empty()) return parse_http1(read_suite_file(suite_, input.file), kind);
      if (!input.content.empty()) return parse_http1(input.content, kind);
    } catch (const Error& error) {
      fail(fmt::format("input: {}", error.message()), input.mark, {}, {});
      throw Ended();
    }
    return pairs_of(input.header);
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
    const auto headers = headers_of(invocation->input);
    const auto end = invocation->end_of_stream.value_or(false) ? EndOfStream::yes : EndOfStream::no;
    const auto result = proxy_->send_headers(*vm_, phase, headers, end);
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

  std::string body_of(const Input& input) {
    try {
      return input.file.empty() ? input.content : read_suite_file(suite_, input.file);
    } catch (const Error& error) {
      fail(fmt::format("input: {}", error.message()), input.mark, {}, {});
      throw Ended();
    }
  }

  // The body in the pieces that the test asks for; of nothing one empty piece.
  std::vector<std::string> pieces_of(const std::string& body) {
    if (!test_.num_chunks && !test_.chunk_size) return {body};
    const auto count = static_cast<std::size_t>(std::max(test_.num_chunks.value_or(1), 0));
    const auto size = test_.num_chunks
                          ? (count == 0 ? 0 : body.size() / count)
                          : static_cast<std::size_t>(std::max<std::int64_t>(*test_.chunk_size, 0));
    if (size == 0) {
      fail(fmt::format("a body of {} bytes cannot be cut into {} pieces", body.size(),
                       test_.num_chunks ? std::to_string(*test_.num_chunks) : "empty"),
           test_.mark, {}, {});
      throw Ended();
    }
    std::vector<std::string> pieces;
    std::size_t at = 0;
    do {
      const bool is_last = test_.num_chunks && pieces.size() + 1 == count;
      pieces.push_back(body.substr(at, is_last ? std::string::npos : size));
      at += pieces.back().size();
    } while (at < body.size());
    return pieces;
  }

  // The last piece ends the stream, unless trailers do.
  void send_body(Phase phase, const std::vector<Invocation>& invocations, bool has_trailers) {
    if (invocations.empty()) return;
    phase_ = phase;
    if (invocations.size() != 1 && (test_.num_chunks || test_.chunk_size)) {
      fail("a body that is cut into pieces is given once", invocations[1].mark, {}, {});
      throw Ended();
    }
    for (const auto& invocation : invocations) {
      const auto pieces = pieces_of(body_of(invocation.input));
      PhaseResult whole;
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        i == 0 ? begin(phase, invocation) : begin(phase);
        const bool ends = invocation.end_of_stream.value_or(!has_trailers);
        const auto end = ends && i + 1 == pieces.size() ? EndOfStream::yes : EndOfStream::no;
        const auto result = proxy_->send_body(*vm_, phase, pieces[i], end);
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
  }

  void check_result(const Invocation& invocation, const PhaseResult& result) {
    const auto& expected = invocation.result;
    const HeaderMap headers(HeaderForm::joined, result.headers);
    if (!check_headers(expected, headers)) return;
    for (const auto& matcher : expected.headers)
      check("headers", matcher, lines_of(result.headers));
    for (const auto& matcher : expected.body) check("body", matcher, {result.body});
    check_immediate(invocation, result);
    check_log(expected, kStreamContext);
  }

  // False: a header without a name, after which nothing more is compared.
  bool check_headers(const Expectation& expected, const HeaderMap& headers) {
    for (const auto& [key, value, mark] : expected.has_header) {
      if (key.empty()) {
        fail("has_header: says no key", mark, {}, {});
        return false;
      }
      const auto found = headers.get(key);
      if (found == value) continue;
      fail(fmt::format("has_header `{}`", key), mark, {value},
           found ? std::vector{std::string(*found)} : std::vector<std::string>{});
    }
    for (const auto& [key, value, mark] : expected.no_header) {
      if (key.empty()) {
        fail("no_header: says no key", mark, {}, {});
        return false;
      }
      if (const auto found = headers.get(key))
        fail(fmt::format("no_header `{}`", key), mark, {}, {std::string(*found)});
    }
    return true;
  }

  void check_immediate(const Invocation& invocation, const PhaseResult& result) {
    const bool proceeds = result.status == HeadersStatus::proceed ||
                          result.status == HeadersStatus::proceed_and_end_stream;
    const bool answered = result.local.status != 0;
    const auto came = answered ? fmt::format("response {}", result.local.status)
                               : std::string(to_string(result.status));
    const auto& immediate = invocation.result.immediate;
    if (const auto action = invocation.result.action) {
      const auto wanted = *action == Action::proceed ? "continue" : "pause";
      const auto got = answered ? came : proceeds ? "continue" : "pause";
      if (wanted != got) fail("action", invocation.result.mark, {wanted}, {got});
      return;
    }
    if (!immediate) {
      const bool is_body = phase_ == Phase::request_body || phase_ == Phase::response_body;
      if (is_body && !answered) return;  // it may be kept for later
      if (!proceeds || answered)
        fail("the stream does not continue", invocation.mark, {"Continue"}, {came});
      return;
    }
    if (proceeds || !answered) fail("immediate", invocation.result.mark, {"a response"}, {came});
    const auto check_number = [&](std::string_view name, const auto& wanted, std::uint32_t got) {
      if (!wanted || static_cast<std::uint32_t>(*wanted) == got) return;
      fail(fmt::format("immediate: {}", name), invocation.result.mark, {std::to_string(*wanted)},
           {std::to_string(got)});
    };
    check_number("http_status", immediate->http_status, result.local.status);
    check_number("grpc_status", immediate->grpc_status, result.local.grpc_status);
    if (immediate->details)
      check("immediate: details", *immediate->details, {result.local.details});
  }

  void check_callouts() {
    std::vector<std::uint64_t> counts(test_.http_call.size());
    for (const auto& [call, answer] : envoy_->calls()) {
      if (!answer) continue;
      ++counts[*answer];
      if (const auto& request = test_.http_call[*answer].request) check_call(*request, call);
    }
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const auto& given = test_.http_call[i];
      if (!given.calls || *given.calls == counts[i]) continue;
      fail(fmt::format("http_call `{}`: calls", given.cluster), given.mark,
           {std::to_string(*given.calls)}, {std::to_string(counts[i])});
    }
  }

  void check_call(const Expectation& expected, const HttpCall& call) {
    if (!check_headers(expected, HeaderMap(HeaderForm::joined, call.headers))) return;
    for (const auto& matcher : expected.headers) check("headers", matcher, lines_of(call.headers));
    for (const auto& matcher : expected.body) check("body", matcher, {call.body});
  }

  void check_metrics() {
    for (const auto& [name, value, mark] : test_.metrics) {
      const auto got = envoy_->metric_value(name);
      if (got == value) continue;
      fail(fmt::format("metric `{}`", name), mark, {std::to_string(value)},
           got ? std::vector{std::to_string(*got)} : std::vector<std::string>{});
    }
  }

  void check_missed() {
    for (const auto& what : envoy_->missed())
      fail(fmt::format("strict: the suite does not give {}", what), test_.mark, {}, {});
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
  Phase phase_ = Phase::plugin_init;
  std::vector<std::pair<std::size_t, Phase>> phases_;  // from which line of the log on
  TestResult result_;
};

}  // namespace

TestResult run_test(const Suite& suite, const Test& test, const RunOptions& options,
                    SharedState& shared) {
  return TestRun(suite, test, options, shared).run();
}

}  // namespace wasmctl::host
