// What requests may cost: a file of YAML that is kept beside the suites, written by
// --update-budget and compared by --budget.
//
//     tests/headers.yaml:             # the suite, as seen from the file's directory
//       adds a header:                # the test
//         proxy_on_request_headers:   # the callback, over all its calls in the test
//           instructions: 1203        # the keys of kCostKinds; one that is not there is 0
//           hostcalls: 2
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/cost.hpp"
#include "cli/output/test_report.hpp"

namespace wasmctl::cli {

using Cost = std::array<std::uint64_t, kCostKinds.size()>;  // as in kCostKinds
using CallbackCosts = std::map<std::string, Cost>;          // by callback
using TestCosts = std::map<std::string, CallbackCosts>;     // by the test's name
using Budget = std::map<std::string, TestCosts>;            // by suite

// Throws Error{Code::bad_input} with FILE:LINE:COLUMN.
Budget read_budget(std::string_view text, const std::string& file);
// The same budget gives the same bytes: all is sorted.
std::string to_yaml(const Budget& budget);

// What the tests cost that passed, in the suites as seen from `directory`. Of tests with one name
// the second is "NAME (2)".
Budget measure(const std::vector<TestedSuite>& suites, const std::filesystem::path& directory);

struct Dearer {
  std::string suite;
  std::string test;
  std::string callback;
  std::size_t kind = 0;  // in kCostKinds
  std::uint64_t before = 0;
  std::uint64_t after = 0;
};

struct BudgetVerdict {
  std::vector<Dearer> dearer;
  // "SUITE: TEST": what ran, and the budget does not have; what it has, and the suite has not.
  std::vector<std::string> unknown;
  std::vector<std::string> stale;
  std::size_t cheaper = 0;  // callbacks

  bool is_kept() const { return dearer.empty() && unknown.empty() && stale.empty(); }
};

// What the tests of `suites` that passed cost; suites that did not run are not looked at.
BudgetVerdict compare(const Budget& budget, const std::vector<TestedSuite>& suites,
                      const std::filesystem::path& directory);

// The budget with what the tests cost now, without those that are no more.
Budget updated(Budget budget, const std::vector<TestedSuite>& suites,
               const std::filesystem::path& directory);

// Each thing that is dearer, a line each.
void print_budget(Context& context, const BudgetVerdict& verdict, const std::string& file);
nlohmann::json to_json(const BudgetVerdict& verdict);
// "2 costs are above budget.yaml".
std::string describe(const BudgetVerdict& verdict, const std::string& file);

}  // namespace wasmctl::cli
