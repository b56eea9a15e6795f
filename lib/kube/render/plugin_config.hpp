// The config that a plugin gets: from a file, with single values set on the command line.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::kube {

// YAML, or JSON if `name` ends in .json. Throws Error{Code::bad_input} with the place, also if it
// is no mapping.
nlohmann::json read_config(std::string_view text, const std::string& name);

// `a.b=VALUE`: the value as YAML would read it on one line, so that 1, true, [a, b] and "1" mean
// what they mean in a file; nothing is an empty string. `\.` is a dot in a key. Missing mappings
// are made. Throws Error{Code::usage}.
void set_value(nlohmann::json& config, std::string_view assignment);

// The very bytes that Istio hands to the plugin: compact, keys sorted, every number a double, and
// `<`, `>`, `&` and two line separators escaped, as Go's encoder does. An empty config is none.
std::string delivered_config(const nlohmann::json& config);

// Whether the number is the same in a protobuf Struct, which has doubles only.
bool is_exact(std::int64_t number);

// The whole numbers of a config that no double holds, so that the plugin gets others: "a.b[0]:
// 123".
std::vector<std::string> inexact_numbers(const nlohmann::json& config);

}  // namespace wasmctl::kube
