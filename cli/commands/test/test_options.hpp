// The flags of `wasmctl test`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/flags/build_flags.hpp"
#include "cli/flags/registry_flags.hpp"

namespace wasmctl::cli {

// Where the tests run.
enum class TestHost : std::uint8_t { embedded, envoy };

struct TestOptions {
  // Of one test: about a second; what runs longer does not end.
  static constexpr std::uint64_t kMostInstructions = 1'000'000'000;

  std::string source;
  std::vector<std::string> suites;
  std::string config;
  std::string filter;
  std::string junit;
  std::uint64_t instructions = kMostInstructions;
  bool list = false;
  bool fail_fast = false;
  bool watch = false;
  bool json = false;
  bool cost = false;
  bool trace = false;
  std::vector<std::string> masked;  // headers whose values a trace hides, beside the usual ones
  bool unmasked = false;
  bool schema = false;
  bool coverage = false;
  std::string lcov;
  std::string coverage_html;
  std::string profile;
  std::optional<double> fail_under;  // per cent
  TestHost host = TestHost::embedded;
  std::string envoy;  // the program; empty: one is looked for
  std::string budget;
  bool update_budget = false;
  std::uint64_t soak = 0;       // streams; 0: none
  std::uint64_t fuzz = 0;       // seconds
  std::uint64_t fuzz_runs = 0;  // in their place
  std::uint64_t fuzz_seed = 1;
  BuildFlags build;
  RegistryOptions registry;

  // Whether it must be noted what ran.
  bool wants_coverage() const {
    return coverage || !lcov.empty() || !coverage_html.empty() || fail_under;
  }
};

void add_test_flags(CLI::App& app, TestOptions& options);

}  // namespace wasmctl::cli
