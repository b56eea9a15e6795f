// Looks for what makes a plugin trap, run without end, or take memory without bound: changes what
// the tests of a suite give, and keeps what makes the module run code that did not run before.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/suite/run.hpp"

namespace wasmctl::host {

struct FuzzPlan {
  std::uint64_t seed = 0;
  // Asked before each run, of its number from 0 on.
  std::function<bool(std::uint64_t run)> goes_on;
  // Texts to try: those in the module's data, say.
  std::vector<std::string> words;
  // `options.limits.instructions`: what takes more hangs, unless a test itself takes a tenth.
  RunOptions options;
};

struct FuzzFinding {
  std::string what;              // "unreachable in proxy_on_request_headers"
  nlohmann::ordered_json suite;  // one test, shrunk: it still comes to the same
  TestResult result;             // of that test
  std::uint64_t run = 0;         // that found it
};

struct FuzzReport {
  std::uint64_t runs = 0;
  std::uint64_t kept = 0;          // inputs that ran code that did not run before
  std::uint64_t instructions = 0;  // different ones that ran
  std::vector<FuzzFinding> findings;
};

// `tests` of `suite` are where it begins; what they themselves come to is no finding. The same plan
// gives the same report, if `goes_on` counts. The module must be runnable: one that is not throws,
// as run_test does.
FuzzReport fuzz(const Suite& suite, const std::vector<const Test*>& tests, const FuzzPlan& plan);

// The texts in a module: in its data, and of two to eight characters in its code.
std::vector<std::string> words_of(const wasm::Module& module);

}  // namespace wasmctl::host
