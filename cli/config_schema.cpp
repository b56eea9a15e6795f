#include "cli/config_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "kube/config_schema.hpp"
#include "oci/image.hpp"
#include "yaml/json.hpp"

namespace wasmctl::cli {

namespace fs = std::filesystem;

using nlohmann::json;

std::optional<fs::path> schema_file(const plugin::Plugin& plugin) {
  const auto named = std::ranges::find(plugin.settings, "configSchema", &plugin::Setting::key);
  if (named != plugin.settings.end() && named->value->is_string()) {
    return plugin.directory / named->value->get<std::string>();
  }
  auto built = plugin.directory / "build" / (plugin.name + ".schema.json");
  if (fs::exists(built)) return built;
  return std::nullopt;
}

json read_schema(const fs::path& file) {
  return yaml::read_json(base::read_file(file, oci::kMaxSchemaBytes), file.native());
}

void check_config(const kube::Settings& settings, const json& schema, const std::string& plugin,
                  const std::string& schema_name) {
  const auto* const config = settings.find("config");
  std::vector<kube::Violation> violations;
  try {
    violations = kube::check_config(config == nullptr ? json::object() : *config, schema);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", schema_name, error.message()));
  }
  if (violations.empty()) return;
  Error error(Code::bad_input,
              fmt::format("the config of {} does not fit {}", plugin, schema_name));
  for (const auto& [where, rule] : violations) {
    error.because(fmt::format("`{}` {}", where.empty() ? "config" : where, rule));
  }
  throw error;
}

}  // namespace wasmctl::cli
