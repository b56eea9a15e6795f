// wasmctl test --fuzz: what makes a plugin trap, hang, or take memory without bound?
#pragma once

#include "cli/commands/test/test_runner.hpp"

namespace wasmctl::cli {

// Fuzzes each suite from its chosen tests on. What is found is written beside the suite, as a test
// in a file of its own. Throws Refused{Code::test_failed} if something is.
void run_fuzz(Context& context, const TestOptions& options, TestRunner& runner,
              TestedModules& modules, const std::vector<host::Suite>& suites, const Source& source);

}  // namespace wasmctl::cli
