// The verdict on what came of a test in Envoy.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "envoy/record.hpp"
#include "host/suite/run.hpp"
#include "host/suite/suite.hpp"
#include "host/suite/verdict.hpp"
#include "trial/place.hpp"

namespace wasmctl::trial {

struct RunContext {
  Place& place;
  const host::Suite& suite;
  const host::Test& test;
  const host::TestResult& embedded;
  envoy::Time begin;   // before the plugin was loaded
  envoy::Time loaded;  // afterwards
};

// A phase that ran in Envoy.
struct Came {
  host::Phase phase = host::Phase::request_headers;
  const host::Invocation* invocation = nullptr;
  host::PhaseResult result;
  envoy::Time begin{0};  // it goes on until the next one begins
};

// How long to wait for what the embedded host has had, and for what it has not.
inline constexpr std::chrono::milliseconds kPatience{3000};
inline constexpr std::chrono::milliseconds kQuiet{60};

// Until as many messages have come since `begin` as the embedded host has of the last phase, if
// that is there once; what comes later counts for the next.
void wait_for_messages(const RunContext& context, const std::vector<Came>& came, envoy::Time begin);

// Of a plugin that was refused: what it logged.
host::Verdict check_refusal(const RunContext& context);

// Compares all phases, and by `check_more` what else there is. What Envoy logs and counts comes a
// little later than what it sends: what fails is compared again until it is too late.
host::Verdict judge(const RunContext& context, const std::vector<Came>& came,
                    const std::function<void(host::Verdict&)>& check_more);

}  // namespace wasmctl::trial
