#include "cli/config_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "compile/build.hpp"
#include "oci/image.hpp"
#include "plugin/config_schema.hpp"
#include "yaml/json.hpp"
#include "yaml/path.hpp"

namespace wasmctl::cli {

namespace fs = std::filesystem;

using nlohmann::json;

std::optional<fs::path> schema_file(const plugin::Plugin& plugin) {
  const auto named = std::ranges::find(plugin.settings, "configSchema", &plugin::Setting::key);
  if (named != plugin.settings.end() && named->value->is_string()) {
    return plugin.directory / named->value->get<std::string>();
  }
  auto built = plugin::schema_path(plugin);
  if (fs::exists(built)) return built;
  return std::nullopt;
}

json read_schema(const fs::path& file) {
  return yaml::read_json(base::read_file(file, oci::kMaxSchemaBytes), file.native());
}

namespace {

std::vector<plugin::Violation> violations_of(const json& config, const json& schema,
                                             const std::string& schema_name) {
  try {
    return plugin::check_config(config, schema);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", schema_name, error.message()));
  }
}

std::string describe(const plugin::Violation& violation) {
  return fmt::format("`{}` {}", violation.path.empty() ? "config" : yaml::to_string(violation.path),
                     violation.rule);
}

}  // namespace

std::vector<Finding> judge_config(const kube::Inventory& inventory,
                                  const kube::PluginManifest& plugin, const json& schema,
                                  const std::string& schema_name) {
  const auto* const config = plugin.module_field("pluginConfig");
  const auto value = config == nullptr ? json::object() : yaml::to_json(*config, plugin.name);
  std::vector<Finding> findings;
  for (const auto& violation : violations_of(value, schema, schema_name)) {
    const auto site =
        config == nullptr ? plugin.site : site_of(plugin, yaml::node_at(*config, violation.path));
    findings.push_back({kConfigSchemaRule.name, kConfigSchemaRule.severity,
                        place_of(inventory, site), describe(violation),
                        fmt::format("so says {}", schema_name)});
  }
  return findings;
}

void check_config(const kube::Settings& settings, const json& schema, const std::string& plugin,
                  const std::string& schema_name) {
  const auto* const config = settings.find("config");
  const auto violations =
      violations_of(config == nullptr ? json::object() : *config, schema, schema_name);
  if (violations.empty()) return;
  Error error(Code::bad_input,
              fmt::format("the config of {} does not fit {}", plugin, schema_name));
  for (const auto& violation : violations) error.because(describe(violation));
  throw error;
}

}  // namespace wasmctl::cli
