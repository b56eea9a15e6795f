#include "cli/first_stream.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/program.hpp"
#include "host/suite/run.hpp"
#include "kube/render/plugin_config.hpp"

namespace wasmctl::cli {

namespace {

// A start that takes more says nothing of a mistake, and others wait for the trial.
constexpr std::uint64_t kMostInstructions = 50'000'000;
// A larger module is not read twice: what SDKs of Rust and Go make is smaller.
constexpr std::size_t kMostBytes = std::size_t{8} << 20U;

// Ends that are the trial's own, or the start's.
bool says_something(const host::TestResult& result) {
  if (!result.crash || result.failures.empty()) return false;
  const auto reason = result.crash->trap.reason;
  return result.failures.front().phase == host::Phase::stream_init &&
         reason != engine::Reason::instructions_used_up && reason != engine::Reason::interrupted;
}

}  // namespace

std::string own_configuration(const plugin::Plugin& plugin) {
  const auto setting = std::ranges::find(plugin.settings, "config", &plugin::Setting::key);
  return setting == plugin.settings.end() ? "" : kube::delivered_config(*setting->value);
}

std::optional<wasm::StreamFailure> try_first_stream(const base::Content& module,
                                                    const std::string& configuration) {
  if (module.size() > kMostBytes) return std::nullopt;
  host::Suite suite;
  suite.env.host = host::SuiteHost::envoy;
  suite.env.log_level = host::SuiteLogLevel::trace;
  host::TestResult result;
  try {
    const engine::Program program(wasm::parse_module(module, "module"), "module");
    host::RunOptions options;
    options.program = &program;
    options.configuration = configuration;
    options.limits.instructions = kMostInstructions;
    host::SharedState shared;
    result = host::run_test(suite, {}, options, shared);
  } catch (const Error&) {
    return std::nullopt;
  }
  if (!says_something(result)) return std::nullopt;
  wasm::StreamFailure failure;
  failure.reason = std::string(to_string(result.crash->trap.reason));
  for (const auto& [phase, line] : result.log) {
    if (phase == host::Phase::stream_init) failure.said.push_back(line.message);
  }
  return failure;
}

}  // namespace wasmctl::cli
