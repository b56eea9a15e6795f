// What `wasmctl test` says of the code that ran: which of it, and how much of it.
#pragma once

#include "cli/commands/test/test_options.hpp"
#include "cli/commands/test/tested_modules.hpp"
#include "cli/output/test_report.hpp"

namespace wasmctl::cli {

// Throws Error{Code::test_failed} if too little ran.
void report_coverage(Context& context, const TestOptions& options, const TestedModules& modules,
                     const Tally& tally);

void write_profile(Context& context, const TestOptions& options, const TestedModules& modules,
                   const Tally& tally);

}  // namespace wasmctl::cli
