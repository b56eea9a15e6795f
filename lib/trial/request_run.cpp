#include "trial/request_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "envoy/message.hpp"
#include "trial/callouts.hpp"
#include "trial/wire.hpp"

namespace wasmctl::trial {

namespace {

using envoy::MessageReader;
using host::HeadersStatus;
using host::Phase;
using host::PhaseResult;

// What has come of a message.
struct Partial {
  bool has_head = false;
  bool is_whole = false;
  host::Pairs headers;
  std::string body;
  host::Pairs trailers;
  int status = 0;
};

Partial read_request(const Side& side) {
  MessageReader reader(MessageReader::Kind::request);
  Partial part;
  part.is_whole = reader.feed(side.received());
  part.has_head = reader.has_head();
  if (!part.has_head) return part;
  auto request = reader.request_so_far();
  part.headers = request_headers(request.method, request.target, request.headers);
  part.body = std::move(request.body);
  part.trailers = std::move(request.trailers);
  return part;
}

Partial read_response(const Side& side, const std::string& method) {
  MessageReader reader(method == "HEAD" ? MessageReader::Kind::response_to_head
                                        : MessageReader::Kind::response);
  Partial part;
  part.is_whole = reader.feed(side.received()) || (side.has_ended() && reader.close());
  part.has_head = reader.has_head();
  if (!part.has_head) return part;
  auto response = reader.response_so_far();
  part.status = response.status;
  part.headers = response_headers(response.status, response.headers);
  part.body = std::move(response.body);
  part.trailers = std::move(response.trailers);
  return part;
}

bool is_of_headers(Phase phase) {
  return phase == Phase::request_headers || phase == Phase::response_headers;
}

bool is_of_trailers(Phase phase) {
  return phase == Phase::request_trailers || phase == Phase::response_trailers;
}

class RequestRun {
 public:
  explicit RequestRun(const RunContext& context)
      : context_(context),
        stage_(context.place.stage()),
        steps_(http_steps(context.suite, context.test)),
        callouts_(context.test) {
    const auto& first = steps_.front().bytes;
    method_ = first.substr(0, first.find(' '));
  }

  host::Verdict run(host::TestResult& result) {
    stage_.clear();
    stage_.answer_with([this](const std::string& cluster, const envoy::Request& request) {
      return callouts_.answer(cluster, request);
    });
    for (const auto& metric : context_.test.metrics)
      before_[metric.name] = context_.place.metric(metric.name, Place::Kind::counter).value_or(0);
    stage_.connect(context_.place.port());
    for (const auto& step : steps_) take(step, result);
    finish();
    for (const auto& metric : context_.test.metrics) {
      if (!is_histogram(metric)) continue;
      result.not_compared.push_back(
          fmt::format("metric `{}`: Envoy does not say what a histogram got last", metric.name));
    }
    return judge(context_, came_, [this](host::Verdict& verdict) { check_more(verdict); });
  }

 private:
  // What the embedded host made of the step; null: it did not come to it, or none is listed.
  const PhaseResult* expected(const Step& step) {
    if (step.invocation == nullptr) return nullptr;
    const auto& phases = context_.embedded.phases;
    const auto i = embedded_at_++;
    return i < phases.size() ? &phases[i].result : nullptr;
  }

  void take(const Step& step, host::TestResult& result) {
    const auto* const wanted = expected(step);
    const auto add = [&](PhaseResult came, envoy::Time begin) {
      if (step.invocation != nullptr)
        came_.push_back({step.phase, step.invocation, std::move(came), begin});
    };
    if (is_over_) return add({}, now());
    const bool is_request = step.sender == Sender::client;
    if (!is_request && !has_answered_ && !read_request(stage_.server()).has_head) {
      result.not_compared.emplace_back("the response: the request waits, so there is none");
      is_over_ = true;
      return;
    }
    has_answered_ = has_answered_ || !is_request;
    const auto begin = now();
    const auto before = partial(is_request).body.size();
    (is_request ? stage_.client() : stage_.server()).send(step.bytes);
    wait_for(step, wanted, before);
    add(observe(step, before), begin);
    wait_for_messages(context_, came_, begin);
  }

  Partial partial(bool is_request) const {
    return is_request ? read_request(stage_.server()) : read_response(stage_.client(), method_);
  }

  // The plugin answers, or Envoy does in its place.
  bool is_answered_locally() const {
    return !has_answered_ && read_response(stage_.client(), method_).is_whole;
  }

  bool has_arrived(const Step& step, const PhaseResult* wanted, std::size_t before) const {
    if (is_answered_locally() || stage_.client().has_ended()) return true;
    const auto part = partial(step.sender == Sender::client);
    if (part.is_whole) return true;
    if (is_of_headers(step.phase)) return part.has_head && !step.ends;
    if (step.ends) return false;
    const auto size = wanted == nullptr ? 1 : std::max<std::size_t>(wanted->body.size(), 1);
    return part.body.size() >= before + size;
  }

  void wait_for(const Step& step, const PhaseResult* wanted, std::size_t before) {
    const bool is_kept = wanted != nullptr && wanted->status != HeadersStatus::proceed &&
                         wanted->status != HeadersStatus::proceed_and_end_stream &&
                         wanted->local.status == 0 && !wanted->close;
    const bool is_silent = wanted != nullptr && !step.ends && !is_of_headers(step.phase) &&
                           wanted->body.empty() && wanted->local.status == 0;
    stage_.wait([&] { return has_arrived(step, wanted, before); },
                is_kept || is_silent ? kQuiet : kPatience);
  }

  PhaseResult observe(const Step& step, std::size_t before) {
    PhaseResult result;
    const bool is_request = step.sender == Sender::client;
    if (is_request && is_answered_locally()) {
      is_over_ = true;
      return local_response();
    }
    const auto part = partial(is_request);
    if (stage_.client().has_ended() && !part.is_whole) {
      is_over_ = true;
      result.status = HeadersStatus::stop_all_and_watermark;
      result.close = step.invocation == nullptr ? std::nullopt : step.invocation->result.close;
      if (!result.close)
        result.close = is_request ? host::StreamType::request : host::StreamType::response;
      return result;
    }
    const bool goes_on =
        is_of_headers(step.phase) ? part.has_head : part.is_whole || part.body.size() > before;
    if (!goes_on) result.status = HeadersStatus::stop_all_and_watermark;
    if (is_of_headers(step.phase)) {
      result.headers = part.headers;
    } else {
      result.body = part.body.substr(std::min(before, part.body.size()));
      if (is_of_trailers(step.phase)) result.headers = part.trailers;
    }
    return result;
  }

  PhaseResult local_response() const {
    const auto response = read_response(stage_.client(), method_);
    PhaseResult result;
    result.status = HeadersStatus::stop_all_and_watermark;
    result.headers = response.headers;
    result.body = response.body;
    result.local.status = static_cast<std::uint32_t>(response.status);
    return result;
  }

  // The client goes; what became of the stream is in the access log.
  void finish() {
    const auto response = local_response();
    stage_.client().vanish();
    std::optional<envoy::Access> access;
    stage_.wait(
        [&] {
          access = context_.place.access_since(context_.loaded);
          return access.has_value();
        },
        kPatience);
    if (!access) return;
    for (std::size_t i = 0; i < came_.size(); ++i) {
      auto& result = came_[i].result;
      if (result.local.status != 0) {
        result.local.details = access->details;
      } else if (has_answered_ && access->details != "via_upstream" && answers_in(i)) {
        result = response;
        result.local.details = access->details;
      }
    }
  }

  // Whether it is in this phase that the plugin answers in the embedded host.
  bool answers_in(std::size_t i) const {
    const auto& phases = context_.embedded.phases;
    return i < phases.size() && phases[i].result.local.status != 0;
  }

  bool is_histogram(const host::MetricExpectation& metric) const {
    return context_.place.metric(metric.name, Place::Kind::histogram).has_value();
  }

  // A counter since the test began; a gauge as it is.
  std::optional<std::uint64_t> metric_now(const host::MetricExpectation& metric) const {
    const auto& place = context_.place;
    if (const auto count = place.metric(metric.name, Place::Kind::counter))
      return *count - before_.at(metric.name);
    return place.metric(metric.name, Place::Kind::gauge);
  }

  void check_more(host::Verdict& verdict) const {
    callouts_.check(verdict);
    for (const auto& metric : context_.test.metrics) {
      if (!is_histogram(metric)) verdict.check_metric(metric, metric_now(metric));
    }
  }

  const RunContext& context_;
  Stage& stage_;
  std::vector<Step> steps_;
  Callouts callouts_;
  std::string method_;
  std::map<std::string, std::uint64_t> before_;  // counters
  std::vector<Came> came_;
  std::size_t embedded_at_ = 0;
  bool has_answered_ = false;  // the server has
  bool is_over_ = false;       // nothing more is sent
};

}  // namespace

host::Verdict run_request(const RunContext& context, host::TestResult& result) {
  return RequestRun(context).run(result);
}

}  // namespace wasmctl::trial
