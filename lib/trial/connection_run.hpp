// A test of TCP in Envoy.
#pragma once

#include "host/suite/run.hpp"
#include "host/suite/verdict.hpp"
#include "trial/judgement.hpp"

namespace wasmctl::trial {

host::Verdict run_connection(const RunContext& context, host::TestResult& result);

}  // namespace wasmctl::trial
