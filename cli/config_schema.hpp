// The JSON Schema of a plugin's configuration: where it is, and whether a configuration fits it.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "kube/check/inventory.hpp"
#include "kube/render/settings.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::cli {

// The file that wasmctl.yaml names, relative to it; else the one that the last build has left, if
// the plugin's sources describe one; else none.
std::optional<std::filesystem::path> schema_file(const plugin::Plugin& plugin);

// The file as JSON; throws Error{Code::bad_input} with the place if it is none.
nlohmann::json read_schema(const std::filesystem::path& file);

inline constexpr Rule kConfigSchemaRule = {"config-schema", Severity::error,
                                           "the config fits the plugin's JSON Schema"};

// What of a manifest's config does not fit, each at its place. `schema_name` is for the message.
std::vector<Finding> judge_config(const kube::Inventory& inventory,
                                  const kube::PluginManifest& plugin, const nlohmann::json& schema,
                                  const std::string& schema_name);

// Throws Error{Code::bad_input} if the config of `settings` does not fit. `plugin` and
// `schema_name` are for the message.
void check_config(const kube::Settings& settings, const nlohmann::json& schema,
                  const std::string& plugin, const std::string& schema_name);

}  // namespace wasmctl::cli
