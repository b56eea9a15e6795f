#include "trial/trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "host/local_proxy.hpp"
#include "host/suite/verdict.hpp"
#include "trial/connection_run.hpp"
#include "trial/left_out.hpp"
#include "trial/place.hpp"
#include "trial/request_run.hpp"

namespace wasmctl::trial {

namespace {

using host::Phase;
using host::Suite;
using host::Test;
using host::TestResult;

std::string envoy_level(host::SuiteLogLevel level) {
  switch (level) {
    case host::SuiteLogLevel::trace:
      return "trace";
    case host::SuiteLogLevel::debug:
      return "debug";
    case host::SuiteLogLevel::warn:
      return "warning";
    case host::SuiteLogLevel::error:
      return "error";
    case host::SuiteLogLevel::critical:
      return "critical";
    default:
      return "info";
  }
}

// Clusters are there that the suite names; of rows for any cluster those that were called.
PlaceKey key_of(const Test& test, const TestResult& embedded) {
  PlaceKey key;
  key.traffic = host::is_of_tcp(test) ? envoy::Traffic::tcp : envoy::Traffic::http;
  for (const auto& called : embedded.called) {
    if (base::is_utf8(called)) key.clusters[called] = Cluster::alive;  // Envoy has no other names
  }
  for (const auto& given : test.http_call) {
    if (given.cluster.empty()) continue;
    key.clusters[given.cluster] =
        given.failure == host::Failing::connect ? Cluster::dead : Cluster::alive;
  }
  return key;
}

envoy::LoadedFilter filter_of(const Suite& suite, const Test& test, const Subject& subject,
                              std::size_t number) {
  envoy::LoadedFilter loaded;
  loaded.module = subject.module;
  auto& filter = loaded.filter;
  filter.name = "test";
  filter.configuration = test.config.value_or(subject.configuration);
  filter.root_id = suite.env.root_id;
  filter.vm_id = fmt::format("test-{}", number);
  if (!suite.env.vm_config.empty()) filter.vm_configuration = suite.env.vm_config;
  for (const auto& [name, value] : suite.env.environment) filter.env[name] = value;
  return loaded;
}

// What is compared is said by both hosts' verdicts: Envoy's counts, and that they are the same.
void compare_verdicts(const Test& test, const TestResult& embedded, host::Verdict& verdict) {
  if (!embedded.passed() && verdict.failures().empty()) {
    const auto& first = embedded.failures.front();
    verdict.begin(first.phase);
    verdict.fail(fmt::format("passes in Envoy, not in the embedded host: {}", first.what),
                 first.mark ? first.mark : test.mark, first.expected, first.actual);
  }
}

host::Verdict check(const RunContext& context, TestResult& result) {
  if (context.test.refuses) return check_refusal(context);
  if (host::is_of_tcp(context.test)) return run_connection(context);
  return run_request(context, result);
}

TestResult finish(TestResult result, const Test& test, const TestResult& embedded,
                  host::Verdict verdict) {
  compare_verdicts(test, embedded, verdict);
  result.failures = verdict.take_failures();
  if (!embedded.passed()) return result;
  for (auto& failure : result.failures) failure.what += " (passes in the embedded host)";
  return result;
}

// A connection that breaks may be all that is seen of it at first.
void throw_if_dead(Place& place) {
  constexpr std::chrono::milliseconds kForTheEnd{100};
  place.stage().wait([&] { return place.has_ended(); }, kForTheEnd);
  if (place.has_ended()) throw Error(Code::network, "Envoy has ended");
}

}  // namespace

Trial::Trial(Options options) : options_(std::move(options)) {}
Trial::~Trial() = default;

Place& Trial::place_for(const Test& test, const TestResult& embedded) {
  auto key = key_of(test, embedded);
  const auto found =
      std::ranges::find_if(places_, [&](const auto& place) { return place->key() == key; });
  if (found != places_.end()) return **found;
  places_.push_back(std::make_unique<Place>(options_.envoy, options_.stop, std::move(key)));
  return *places_.back();
}

TestResult Trial::run(const Suite& suite, const Test& test, const Subject& subject,
                      const TestResult& embedded) {
  TestResult result;
  result.left_out = why_left_out(suite, test);
  if (!result.left_out.empty()) return result;
  result.not_compared = not_compared(test);
  auto& place = place_for(test, embedded);
  try {
    auto ran = run_there(place, suite, test, subject, embedded, std::move(result));
    if (!place.logs_without_end()) return ran;
    // It may go on, and would be in the way of the next one.
    return without_place(place, suite, test, embedded,
                         fmt::format("logs without end: more than {} lines or {} MiB in one test",
                                     host::kMostLogLines, host::kMostLogBytes >> 20U));
  } catch (const Error& error) {
    // A plugin may take its proxy with it: that is a verdict, too, and the next test has another.
    const auto death = error.code() == Code::network ? place.death() : std::nullopt;
    if (!death) throw;
    return without_place(place, suite, test, embedded, *death);
  }
}

// The verdict on a test after which the next one has another Envoy.
TestResult Trial::without_place(Place& place, const Suite& suite, const Test& test,
                                const TestResult& embedded, std::string why) {
  std::erase_if(places_, [&](const auto& other) { return other.get() == &place; });
  host::Verdict verdict(suite);
  verdict.fail(std::move(why), test.mark, {}, {});
  return finish(TestResult(), test, embedded, std::move(verdict));
}

TestResult Trial::run_there(Place& place, const Suite& suite, const Test& test,
                            const Subject& subject, const TestResult& embedded, TestResult result) {
  host::Verdict verdict(suite);
  const auto begin = now();
  const auto refusal =
      place.load(filter_of(suite, test, subject, ++tests_), envoy_level(suite.env.log_level));
  const auto loaded = now();
  verdict.begin(Phase::plugin_init);
  if (test.refuses != refusal.has_value()) {
    verdict.fail(
        test.refuses ? "the plugin takes its configuration" : "the plugin refused to start",
        test.mark, {}, refusal ? std::vector{*refusal} : std::vector<std::string>{});
    return finish(std::move(result), test, embedded, std::move(verdict));
  }
  const RunContext context{place, suite, test, embedded, begin, loaded};
  auto judged = check(context, result);
  if (!judged.failures().empty()) throw_if_dead(place);
  return finish(std::move(result), test, embedded, std::move(judged));
}

}  // namespace wasmctl::trial
