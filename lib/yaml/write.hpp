// JSON values to YAML text. The same value gives the same bytes; every string comes back as itself
// from a reader of YAML 1.1 as from one of 1.2 (kubectl's, PyYAML's).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace wasmctl::yaml {

// One document in block style, two blanks a level, lists not indented under their key (as kubectl
// and kustomize print them), ended by a newline. Keys in the order of the value. Throws
// Error{Code::bad_input} for a string that is not UTF-8, or a number that is not finite.
std::string write(const nlohmann::ordered_json& value);

// A scalar as `write` puts it: plain where that is safe, else in double quotes, on one line.
std::string quote(std::string_view text);

}  // namespace wasmctl::yaml
