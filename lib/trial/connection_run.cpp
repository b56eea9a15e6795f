#include "trial/connection_run.hpp"

#include <algorithm>
#include <utility>

#include "host/suite/input.hpp"

namespace wasmctl::trial {

namespace {

using host::HeadersStatus;
using host::Phase;
using host::PhaseResult;

class ConnectionRun {
 public:
  explicit ConnectionRun(const RunContext& context)
      : context_(context), stage_(context.place.stage()) {}

  host::Verdict run() {
    stage_.clear();
    const auto begin = now();
    stage_.connect(context_.place.port());
    stage_.wait([&] { return stage_.server().is_there() || stage_.client().has_ended(); },
                is_kept(0) ? kQuiet : kPatience);
    const auto& opening = context_.test.new_connection;
    PhaseResult opened;
    if (!stage_.server().is_there()) opened.status = HeadersStatus::stop_all_and_watermark;
    came_.push_back({Phase::new_connection, opening ? &*opening : nullptr, opened, begin});
    wait_for_messages(context_, came_, begin);
    for (const auto& event : context_.test.connection) {
      if (event.downstream_data) {
        send(Phase::downstream_data, *event.downstream_data, stage_.client(), stage_.server());
      } else if (event.upstream_data) {
        send(Phase::upstream_data, *event.upstream_data, stage_.server(), stage_.client());
      } else if (event.upstream_close) {
        send(Phase::upstream_close, *event.upstream_close, stage_.server(), stage_.client());
      } else {
        close(*event.downstream_close);
      }
    }
    stage_.client().vanish();
    return judge(context_, came_, [](host::Verdict&) {});
  }

 private:
  bool is_kept(std::size_t phase) const {
    const auto& phases = context_.embedded.phases;
    return phase < phases.size() && phases[phase].result.status != HeadersStatus::proceed;
  }

  void send(Phase phase, const host::Invocation& invocation, Side& sender, Side& receiver) {
    const auto begin = now();
    PhaseResult came;
    if (!is_closed_) came = exchange(phase, invocation, sender, receiver);
    came_.push_back({phase, &invocation, std::move(came), begin});
    wait_for_messages(context_, came_, begin);
  }

  PhaseResult exchange(Phase phase, const host::Invocation& invocation, Side& sender,
                       Side& receiver) {
    const auto before = receiver.received().size();
    const auto& phases = context_.embedded.phases;
    const auto i = came_.size();
    const auto wanted = i < phases.size() ? phases[i].result : PhaseResult();
    sender.send(host::input_body(context_.suite, invocation.input));
    if (invocation.end_of_stream.value_or(phase == Phase::upstream_close)) sender.end();
    const bool comes = !wanted.body.empty() || wanted.close;
    stage_.wait(
        [&] {
          if (stage_.client().has_ended() && !stage_.server().has_ended()) return true;
          return !wanted.close && receiver.received().size() >= before + wanted.body.size() &&
                 !wanted.body.empty();
        },
        comes ? kPatience : kQuiet);
    PhaseResult came;
    came.body = receiver.received().substr(before);
    // Of a client that Envoy closes while the server has not ended, the plugin has closed it.
    if (wanted.close && stage_.client().has_ended()) {
      came.close = wanted.close;
      is_closed_ = true;
    }
    if (came.body.empty() && is_kept(i)) came.status = HeadersStatus::stop_all_and_watermark;
    return came;
  }

  void close(const host::Invocation& invocation) {
    const auto begin = now();
    if (!is_closed_) stage_.client().vanish();
    is_closed_ = true;
    came_.push_back({Phase::downstream_close, &invocation, {}, begin});
    wait_for_messages(context_, came_, begin);
  }

  const RunContext& context_;
  Stage& stage_;
  std::vector<Came> came_;
  bool is_closed_ = false;
};

}  // namespace

host::Verdict run_connection(const RunContext& context) {
  return ConnectionRun(context).run();
}

}  // namespace wasmctl::trial
