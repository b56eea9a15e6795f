// The manifests that flags name, files and directories of them, as one inventory.
#pragma once

#include <string>
#include <vector>

#include "kube/check/inventory.hpp"

namespace wasmctl::cli {

// `-` is standard input; of a directory its *.yaml, *.yml and *.json, but for the templates of a
// chart, of which a note says what to do. `ns` is that of objects without one. Throws
// Error{Code::not_found} or {io}, and Error{Code::bad_input} for what is no YAML, or empty.
kube::Inventory read_inventory(const std::vector<std::string>& names, const std::string& ns);

}  // namespace wasmctl::cli
