// A test of TCP in Envoy.
#pragma once

#include "host/suite/verdict.hpp"
#include "trial/judgement.hpp"

namespace wasmctl::trial {

host::Verdict run_connection(const RunContext& context);

}  // namespace wasmctl::trial
