// The config that a plugin gets: from a file, with single values set on the command line.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/render/settings.hpp"

namespace wasmctl::kube {

// YAML, or JSON if `name` ends in .json. Throws Error{Code::bad_input} with the place, also if it
// is no mapping.
nlohmann::json read_config(std::string_view text, const std::string& name);

enum class SetAs : std::uint8_t {
  json_or_text,  // --set
  text,          // --set-string
};

// `a.b=VALUE`. Of --set the value is a text, unless it is JSON as it stands: true, false, null, a
// number that is printed as it is written (not 2.30 or 00451), [..], {..}, "..". `\.` is a dot in a
// key. Missing mappings are made. Throws Error{Code::usage}, also for Helm's `list[0]=`, `{a,b}`
// and `"a.b"=`, with the form that means the same here.
void set_value(nlohmann::json& config, std::string_view assignment, SetAs as = SetAs::json_or_text);

// What a --set that set_value() takes says otherwise than its author may think: Helm would read two
// assignments, or others a place in a list. For a warning.
std::optional<std::string> doubt_about(std::string_view assignment);

// The very bytes that Istio hands to the plugin: compact, keys sorted, every number a double, and
// `<`, `>`, `&` and two line separators escaped, as Go's encoder does. An empty config is none.
std::string delivered_config(const nlohmann::json& config);

// Throws Error{Code::bad_input} if the config of `settings` does not fit. `plugin` and
// `schema_name` are for the message.
void require_config(const Settings& settings, const nlohmann::json& schema,
                    const std::string& plugin, const std::string& schema_name);

// Whether the number is the same in a protobuf Struct, which has doubles only.
bool is_exact(std::int64_t number);

}  // namespace wasmctl::kube
