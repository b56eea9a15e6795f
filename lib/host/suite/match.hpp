// Comparing texts with what a suite expects of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/suite/suite.hpp"

namespace wasmctl::host {

// The content of a file that a suite names, from the suite's folder. Throws as base::read_file.
std::string read_suite_file(const Suite& suite, const std::string& file);

// Whether one of `texts` matches; with `invert`, that none does. Throws Error{Code::bad_input} or
// Error{Code::not_found} for a matcher that cannot be used: an expression that does not compile, a
// file that is not there, nothing to compare with.
bool matches(const Suite& suite, const StringMatcher& matcher,
             const std::vector<std::string>& texts);

// "exact `a`", "no regex `a.*`".
std::string describe(const StringMatcher& matcher);

}  // namespace wasmctl::host
