// Does a plugin's config fit its JSON Schema? A subset of draft 2020-12 (and of 7, where it says
// the same): what describes a config. A keyword that is not of the subset is refused rather than
// passed over: a check that does not check is worse than none.
// Why not valijson, which Debian has: its `pattern` is std::regex, which overflows the stack on a
// long string, and it takes 8 s to compile.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "yaml/path.hpp"

namespace wasmctl::plugin {

struct Violation {
  yaml::Path path;   // to "headers[0].name"; empty: the config itself
  std::string rule;  // "must be one of \"info\", \"warn\", not \"inf\""
};

// In the order of the config. Throws Error{Code::bad_input} if the schema itself is none, has a
// keyword that is not supported, or costs more steps than any honest one.
std::vector<Violation> check_config(const nlohmann::json& config, const nlohmann::json& schema);

}  // namespace wasmctl::plugin
