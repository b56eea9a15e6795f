// What `wasmctl check` would say of the manifests that `wasmctl render` is about to print.
#pragma once

#include <string>
#include <vector>

#include "base/finding.hpp"
#include "cli/commands/render/rendering.hpp"

namespace wasmctl::cli {

// The warnings. Throws Error{Code::bad_input} with what cannot work.
std::vector<Finding> judge(const Rendering& rendering);

// "MESSAGE [RULE]"
std::string text_of(const Finding& finding);

}  // namespace wasmctl::cli
