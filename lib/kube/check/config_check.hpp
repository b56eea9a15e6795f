// Whether the configuration in a manifest fits the JSON Schema of its plugin.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "kube/check/inventory.hpp"

namespace wasmctl::kube {

inline constexpr Rule kConfigSchemaRule = {"config-schema", Severity::error,
                                           "the config fits the plugin's JSON Schema"};

// What does not fit, each at its place; a plugin without a config has an empty one. `schema_name`
// is for the message. Throws as plugin::violations_of.
std::vector<Finding> check_config(const Inventory& inventory, const PluginManifest& plugin,
                                  const nlohmann::json& schema, const std::string& schema_name);

}  // namespace wasmctl::kube
