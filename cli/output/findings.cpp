#include "cli/output/findings.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/version.hpp"

namespace wasmctl::cli {

namespace {

nlohmann::json location(const SarifResult& result) {
  nlohmann::json place = {{"artifactLocation", {{"uri", result.file}}}};
  if (result.line > 0) {
    place["region"] = {{"startLine", result.line}, {"startColumn", result.column}};
  }
  return {{"physicalLocation", place}};
}

}  // namespace

void print_text(Output out, const std::vector<SarifResult>& results) {
  for (const auto& result : results) {
    const auto place = result.line == 0
                           ? result.file
                           : fmt::format("{}:{}:{}", result.file, result.line, result.column);
    out.print("{}: {}: {} [{}]\n", place, result.level, result.message, result.rule);
    for (const auto& line : result.trail) out.print("  {}\n", line);
    if (!result.hint.empty()) out.print("  hint: {}\n", result.hint);
  }
}

nlohmann::json to_sarif(const std::vector<SarifRule>& rules,
                        const std::vector<SarifResult>& results) {
  auto rule_list = nlohmann::json::array();
  for (const auto& rule : rules) {
    rule_list.push_back({{"id", rule.id}, {"shortDescription", {{"text", rule.demand}}}});
  }
  auto result_list = nlohmann::json::array();
  for (const auto& result : results) {
    const auto text =
        result.hint.empty() ? result.message : fmt::format("{} ({})", result.message, result.hint);
    result_list.push_back({{"ruleId", result.rule},
                           {"level", result.level},
                           {"message", {{"text", text}}},
                           {"locations", nlohmann::json::array({location(result)})}});
  }
  const nlohmann::json driver = {{"name", "wasmctl"}, {"version", kVersion}, {"rules", rule_list}};
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs",
           nlohmann::json::array({{{"tool", {{"driver", driver}}}, {"results", result_list}}})}};
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace wasmctl::cli
