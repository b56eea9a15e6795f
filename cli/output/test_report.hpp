// What `wasmctl test` says of the tests that ran: as lines while they run, as JSON, and as the XML
// that CI systems call JUnit's.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "host/suite/run.hpp"
#include "host/suite/suite.hpp"

namespace wasmctl::cli {

struct TestedSuite {
  host::Suite suite;
  // Of the tests that ran, with their place in `suite`.
  std::vector<std::pair<std::size_t, host::TestResult>> results;
  std::vector<std::vector<std::string>> stacks;  // of each result's crash, innermost first
};

struct Tally {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t left_out = 0;  // passed in the embedded host, and cannot be run in Envoy
  std::size_t not_run = 0;
};

Tally count(const std::vector<TestedSuite>& suites);

// "ok    NAME" or "FAIL  NAME", with its trace, and with -v what it logged.
void print_line(Context& context, const host::Test& test, const host::TestResult& result);

// What each failed test expected and got, then how many passed.
void print_failures(Context& context, const std::vector<TestedSuite>& suites);
// The same for GitHub Actions, which shows it beside the suites.
void print_annotations(Context& context, const std::vector<TestedSuite>& suites);
void print_tally(Context& context, const Tally& tally);

// What each callback cost, test by test.
void print_costs(Context& context, const std::vector<TestedSuite>& suites);

nlohmann::json to_json(const std::vector<TestedSuite>& suites);
std::string to_junit(const std::vector<TestedSuite>& suites);

}  // namespace wasmctl::cli
