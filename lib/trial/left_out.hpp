// What a real Envoy cannot be asked: it has its own clock, its own properties, and it is spoken to
// over HTTP/1.
#pragma once

#include <string>
#include <vector>

#include "host/suite/suite.hpp"

namespace wasmctl::trial {

// Why the test cannot be run there; empty: it can.
std::string why_left_out(const host::Suite& suite, const host::Test& test);

// What of a test that runs there is not compared, and why.
std::vector<std::string> not_compared(const host::Test& test);

}  // namespace wasmctl::trial
