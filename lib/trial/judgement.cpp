#include "trial/judgement.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>

namespace wasmctl::trial {

namespace {

using std::chrono::milliseconds;
using Messages = std::vector<std::string>;

constexpr milliseconds kForTheLog{250};
constexpr auto kForever = envoy::Time::max();

Messages embedded_messages(const host::TestResult& embedded, host::Phase phase) {
  Messages messages;
  for (const auto& [logged_in, line] : embedded.log) {
    if (logged_in == phase) messages.push_back(line.message);
  }
  return messages;
}

// Phases between which Envoy tells no end: what is logged in one of them is what the embedded host
// does not have of the others.
Messages without(Messages messages, const host::TestResult& embedded,
                 const std::vector<host::Phase>& others) {
  std::map<std::string, std::size_t> of_others;
  for (const auto phase : others) {
    for (const auto& message : embedded_messages(embedded, phase)) ++of_others[message];
  }
  std::erase_if(messages, [&](const std::string& message) {
    const auto found = of_others.find(message);
    if (found == of_others.end() || found->second == 0) return false;
    --found->second;
    return true;
  });
  return messages;
}

class Judgement {
 public:
  Judgement(const RunContext& context, const std::vector<Came>& came)
      : context_(context), came_(came), verdict_(context.suite) {}

  host::Verdict judge(const std::function<void(host::Verdict&)>& check_more) {
    const auto& test = context_.test;
    check_log(host::Phase::plugin_init, test.plugin_init,
              context_.place.messages(context_.begin, context_.loaded));
    check_log(host::Phase::stream_init, test.stream_init, messages(0, host::Phase::stream_init));
    for (std::size_t i = 0; i < came_.size(); ++i) check(i);
    const auto last = came_.empty() ? 0 : came_.size() - 1;
    check_log(host::Phase::stream_destroy, test.stream_destroy,
              messages(last, host::Phase::stream_destroy));
    check_more(verdict_);
    return std::move(verdict_);
  }

  // Whether all holds that no later line of the log can change.
  bool holds_but_for_the_log() {
    for (const auto& came : came_) check_message(came);
    return verdict_.failures().empty();
  }

 private:
  void check(std::size_t i) {
    const auto& came = came_[i];
    if (came.invocation == nullptr || !check_message(came)) return;
    verdict_.check_log(came.invocation->result, messages(i, came.phase));
  }

  // False: nothing more is to be compared.
  bool check_message(const Came& came) {
    const auto& [phase, invocation, result, begin] = came;
    if (invocation == nullptr) return true;
    verdict_.begin(phase);
    if (!verdict_.check_headers(invocation->result, result.headers)) return false;
    verdict_.check_body(invocation->result, result.body);
    verdict_.check_outcome(*invocation, result);
    return true;
  }

  void check_log(host::Phase phase, const host::Expectation& expected, const Messages& messages) {
    verdict_.begin(phase);
    verdict_.check_log(expected, messages);
  }

  // Of one of the phases that are in the slot.
  Messages messages(std::size_t slot, host::Phase phase) const {
    const auto begin = slot < came_.size() ? came_[slot].begin : context_.loaded;
    const auto end = slot + 1 < came_.size() ? came_[slot + 1].begin : kForever;
    std::vector<host::Phase> others;
    if (slot < came_.size()) others.push_back(came_[slot].phase);
    if (slot == 0) others.push_back(host::Phase::stream_init);
    if (slot + 1 >= came_.size()) others.push_back(host::Phase::stream_destroy);
    std::erase(others, phase);
    return without(context_.place.messages(begin, end), context_.embedded, others);
  }

  const RunContext& context_;
  const std::vector<Came>& came_;
  host::Verdict verdict_;
};

}  // namespace

void wait_for_messages(const RunContext& context, const std::vector<Came>& came,
                       envoy::Time begin) {
  if (came.empty()) return;
  const auto& embedded = context.embedded;
  const auto phase = came.back().phase;
  if (std::ranges::count(embedded.phases, phase, &host::PhaseOutcome::phase) > 1) return;
  auto count = embedded_messages(embedded, phase).size();
  if (came.size() == 1) count += embedded_messages(embedded, host::Phase::stream_init).size();
  constexpr milliseconds kForMessages{300};
  context.place.stage().wait(
      [&] { return context.place.messages(begin, kForever).size() >= count; }, kForMessages);
}

host::Verdict check_refusal(const RunContext& context) {
  const std::vector<Came> nothing;
  return judge(context, nothing, [](host::Verdict&) {});
}

host::Verdict judge(const RunContext& context, const std::vector<Came>& came,
                    const std::function<void(host::Verdict&)>& check_more) {
  const bool may_hold = Judgement(context, came).holds_but_for_the_log();
  const auto patience = may_hold ? kForTheLog : milliseconds(0);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto verdict = Judgement(context, came).judge(check_more);
    if (verdict.failures().empty() || std::chrono::steady_clock::now() >= deadline) return verdict;
    context.place.stage().wait([] { return false; }, milliseconds(20));
  }
}

}  // namespace wasmctl::trial
