// wasmctl test --soak: does a plugin's memory become flat?
#pragma once

#include "cli/commands/test/test_runner.hpp"

namespace wasmctl::cli {

// Soaks the chosen tests, and says what grows. Throws Refused{Code::test_failed} if something does.
void run_soak(Context& context, const TestOptions& options, TestRunner& runner,
              TestedModules& modules, const std::vector<host::Suite>& suites, const Source& source);

}  // namespace wasmctl::cli
