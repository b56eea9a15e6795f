// A test of HTTP in Envoy.
#pragma once

#include "host/suite/run.hpp"
#include "host/suite/verdict.hpp"
#include "trial/judgement.hpp"

namespace wasmctl::trial {

// `result` is told what is not compared.
host::Verdict run_request(const RunContext& context, host::TestResult& result);

}  // namespace wasmctl::trial
