#include "kube/check/config_check.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "plugin/config_schema.hpp"
#include "yaml/json.hpp"
#include "yaml/path.hpp"

namespace wasmctl::kube {

std::vector<Finding> check_config(const Inventory& inventory, const PluginManifest& plugin,
                                  const nlohmann::json& schema, const std::string& schema_name) {
  const auto* const config = plugin.module_field("pluginConfig");
  const auto value =
      config == nullptr ? nlohmann::json::object() : yaml::to_json(*config, plugin.name);
  std::vector<Finding> findings;
  for (const auto& violation : plugin::violations_of(value, schema, schema_name)) {
    const auto site =
        config == nullptr ? plugin.site : site_of(plugin, yaml::node_at(*config, violation.path));
    findings.push_back({kConfigSchemaRule.name, kConfigSchemaRule.severity,
                        place_of(inventory, site), to_string(violation),
                        fmt::format("so says {}", schema_name)});
  }
  return findings;
}

}  // namespace wasmctl::kube
