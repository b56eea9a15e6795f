#include "cli/commands/test/test_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <utility>

#include "base/error.hpp"
#include "cli/commands/test/test_suites.hpp"

namespace wasmctl::cli {

namespace {

// Adds to the file that a suite names what was logged. The suite may be a stranger's: a file gets
// something only if the suite was named on the command line.
void write_log(Context& context, const TestOptions& options, const host::Suite& suite,
               const host::Test& test, const host::TestResult& result) {
  const auto& path = suite.env.log_path;
  if (path.empty()) return;
  auto text = fmt::format("--- Starting test: {} ---\n", test.name);
  for (const auto& [phase, line] : result.log) text += line.message + '\n';
  text += fmt::format("--- Finished test: {} ---\n", test.name);
  if (path == "/dev/stdout" || path == "/dev/stderr") {
    if (!options.json) (path == "/dev/stdout" ? context.out : context.err).relay(text);
    return;
  }
  if (options.suites.empty()) return;
  std::ofstream file(path, std::ios::app | std::ios::binary);
  if (!(file << text).flush()) throw Error(Code::io, fmt::format("cannot write `{}`", path));
}

void add_executed(TestedModule& module, host::TestResult& result) {
  const auto executed = std::exchange(result.executed, {});
  module.executed.resize(std::max(module.executed.size(), executed.size()));
  std::ranges::transform(executed, module.executed, module.executed.begin(), std::bit_or());
}

}  // namespace

bool TestRunner::is_chosen(const host::Test& test) const {
  return test.name.find(options_.filter) != std::string::npos;
}

std::vector<TestedSuite> TestRunner::run(const std::vector<host::Suite>& suites,
                                         const Source& source) {
  std::vector<TestedSuite> tested;
  tested.reserve(suites.size());
  for (const auto& suite : suites) tested.push_back(run_suite(suite, source));
  if (ran_ == 0) throw nothing_to_run();
  return tested;
}

Error TestRunner::nothing_to_run() const {
  return {Code::not_found, options_.filter.empty()
                               ? "the suites have no test"
                               : fmt::format("no test has `{}` in its name", options_.filter)};
}

TestedSuite TestRunner::run_suite(const host::Suite& suite, const Source& source) {
  TestedSuite tested{suite, {}, {}};
  auto& module = modules_.of(suite, source);
  const auto options = run_options(suite, module);
  const bool is_shown = !options_.json && !context_.quiet;
  if (is_shown && ran_ > 0) context_.out.print("\n");
  if (is_shown) context_.out.print("{}\n", suite.file.native());
  for (std::size_t i = 0; i < suite.test.size(); ++i) {
    const auto& test = suite.test[i];
    if (!is_chosen(test)) continue;
    if (is_stopped_) {
      ++not_run_;
      continue;
    }
    ++ran_;
    auto result = run_test(suite, test, options, module);
    if (!options_.json) print_line(context_, test, result);
    write_log(context_, options_, suite, test, result);
    is_stopped_ = options_.fail_fast && !result.passed();
    tested.stacks.push_back(result.crash ? describe_stack(result.crash->trap.stack, module)
                                         : std::vector<std::string>());
    add_executed(module, result);
    tested.results.emplace_back(i, std::move(result));
  }
  return tested;
}

host::RunOptions TestRunner::run_options(const host::Suite& suite, TestedModule& module) const {
  host::RunOptions options;
  options.program = module.program.get();
  options.configuration = test_configuration(options_, suite.env, module.plugin);
  options.limits.instructions = options_.instructions;
  if (stop_ != nullptr) options.limits.interrupted = [stop = stop_] { return stop->came(); };
  options.trace = options_.trace;
  options.mask.names = options_.masked;
  if (options_.unmasked) options.mask.masking = host::Masking::off;
  if (module.profile) options.profile = &*module.profile;
  if (options_.wants_coverage()) options.coverage = engine::Coverage::on;
  return options;
}

// An error of the module's names it.
host::TestResult TestRunner::run_test(const host::Suite& suite, const host::Test& test,
                                      const host::RunOptions& options, const TestedModule& module) {
  try {
    auto result = host::run_test(suite, test, options, shared_);
    if (trial_ == nullptr) return result;
    stop_->check();
    const auto& parsed = module.program->module();
    const trial::Subject subject{parsed.bytes, options.configuration};
    auto in_envoy = trial_->run(suite, test, subject, result);
    result.left_out = std::move(in_envoy.left_out);
    if (!result.left_out.empty()) return result;
    result.failures = std::move(in_envoy.failures);
    result.not_compared = std::move(in_envoy.not_compared);
    return result;
  } catch (Error& error) {
    Error named(error.code(), fmt::format("{}: {}", module.path, error.message()));
    for (const auto& hint : error.hints()) named.hint(hint);
    throw named;
  }
}

}  // namespace wasmctl::cli
