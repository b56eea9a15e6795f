// Runs the tests of a suite: each in a VM of its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/store.hpp"
#include "host/local_proxy.hpp"
#include "host/mask.hpp"
#include "host/recorder.hpp"
#include "host/suite/suite.hpp"
#include "host/suite/verdict.hpp"
#include "host/vm.hpp"

namespace wasmctl::host {

struct PhaseLog {
  Phase phase = Phase::plugin_init;
  LogLine line;
};

struct Crash {
  engine::Trap trap;
  std::string callback;       // the one that ran
  std::string last_hostcall;  // with what it answered; empty: it made none
};

// What a phase came to: an invocation of the suite each, in the order in which they ran.
struct PhaseOutcome {
  Phase phase = Phase::request_headers;
  PhaseResult result;
};

struct TestResult {
  std::vector<Failure> failures;  // none: it passed
  std::vector<PhaseLog> log;
  std::vector<CallbackCost> costs;  // in the order of their first calls
  std::optional<Crash> crash;
  std::uint64_t memory_bytes = 0;  // of the module, at the end
  std::vector<std::string> trace;  // if it was asked for: a line each
  // If it was asked for: by offset in the module's file, 1 where an instruction ran.
  std::vector<std::uint8_t> executed;
  std::vector<PhaseOutcome> phases;
  std::set<std::string> called;  // clusters that exist and were called
  // Of a host that cannot do what the test asks for: why the test did not run. And what of a test
  // that ran was not compared.
  std::string left_out;
  std::vector<std::string> not_compared;

  bool passed() const { return failures.empty(); }
};

// What a limit of instructions is one of.
enum class LimitOf : std::uint8_t { whole_test, each_run };

struct RunOptions {
  const engine::Program* program = nullptr;
  std::string configuration;
  engine::Limits limits;
  LimitOf limit_of = LimitOf::whole_test;
  engine::Coverage coverage = engine::Coverage::off;
  engine::Profile* profile = nullptr;  // to which is added
  bool trace = false;
  MaskOptions mask;              // of the trace
  Observer* observer = nullptr;  // one more; null: none
};

// All of it must outlive the run; `shared` is that of all tests of a process.
TestResult run_test(const Suite& suite, const Test& test, const RunOptions& options,
                    SharedState& shared);

}  // namespace wasmctl::host
