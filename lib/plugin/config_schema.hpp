// Does a plugin's config fit its JSON Schema? A subset of draft 2020-12 (and of 7, where it says
// the same): what describes a config. A keyword that is not of the subset is refused rather than
// passed over: a check that does not check is worse than none.
// Why not valijson, which Debian has: its `pattern` is std::regex, which overflows the stack on a
// long string, and it takes 8 s to compile.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "plugin/plugin.hpp"
#include "yaml/path.hpp"

namespace wasmctl::plugin {

// The file that wasmctl.yaml names, relative to it; else the one that the last build has left, if
// the plugin's sources describe one; else none.
std::optional<std::filesystem::path> schema_file(const Plugin& plugin);

// The file as JSON; throws Error{Code::bad_input} with the place if it is not JSON.
nlohmann::json read_schema(const std::filesystem::path& file);

struct Violation {
  yaml::Path path;   // to "headers[0].name"; empty: the config itself
  std::string rule;  // "must be one of \"info\", \"warn\", not \"inf\""
};
std::string to_string(const Violation& violation);  // "`headers[0].name` must be ..."

// In the order of the config. Throws Error{Code::bad_input}, `schema_name` first, if the schema is
// not one, has a keyword that is not supported, or costs more steps than any honest one.
std::vector<Violation> violations_of(const nlohmann::json& config, const nlohmann::json& schema,
                                     const std::string& schema_name);

}  // namespace wasmctl::plugin
