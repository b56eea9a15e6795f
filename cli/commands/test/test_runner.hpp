// Runs the tests of suites, and shows each as it ends.
#pragma once

#include <string>
#include <vector>

#include "base/stop_signals.hpp"
#include "cli/commands/test/test_options.hpp"
#include "cli/commands/test/tested_modules.hpp"
#include "cli/flags/source.hpp"
#include "cli/output/test_report.hpp"
#include "host/shared_state.hpp"
#include "host/suite/run.hpp"
#include "trial/trial.hpp"

namespace wasmctl::cli {

class TestRunner {
 public:
  // All must outlive it.
  TestRunner(Context& context, const TestOptions& options, TestedModules& modules)
      : context_(context), options_(options), modules_(modules) {}
  // With it, tests run in a real Envoy, too, until a signal comes.
  void run_in(trial::Trial& trial, const base::StopSignals& stop) {
    trial_ = &trial;
    stop_ = &stop;
  }

  bool is_chosen(const host::Test& test) const;
  // Throws Error{Code::not_found} if no test is chosen.
  std::vector<TestedSuite> run(const std::vector<host::Suite>& suites, const Source& source);
  host::RunOptions run_options(const host::Suite& suite, TestedModule& module) const;
  // Error{Code::not_found} of suites in which no test is chosen.
  Error nothing_to_run() const;
  // Chosen ones that did not run, since another had failed.
  std::size_t not_run() const { return not_run_; }

 private:
  TestedSuite run_suite(const host::Suite& suite, const Source& source);
  host::TestResult run_test(const host::Suite& suite, const host::Test& test,
                            const host::RunOptions& options, const TestedModule& module);

  Context& context_;
  const TestOptions& options_;
  TestedModules& modules_;
  trial::Trial* trial_ = nullptr;
  const base::StopSignals* stop_ = nullptr;  // with `trial_`
  host::SharedState shared_;
  std::size_t ran_ = 0;
  std::size_t not_run_ = 0;
  bool is_stopped_ = false;
};

}  // namespace wasmctl::cli
