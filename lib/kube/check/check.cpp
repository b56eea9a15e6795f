#include "kube/check/check.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>

#include "kube/check/rules/rules.hpp"
#include "kube/check/survey.hpp"

namespace wasmctl::kube {

std::vector<ManifestRule> manifest_rules() {
  std::vector<ManifestRule> rules;
  for (const auto& table : {file_rules(), metadata_rules(), plugin_rules(), image_rules(),
                            mount_rules(), config_map_rules(), proxy_rules(), annotation_rules(),
                            reach_rules(), target_rules(), gateway_rules(), filter_rules()}) {
    rules.insert(rules.end(), table.begin(), table.end());
  }
  return rules;
}

namespace {

void sort_findings(std::vector<Finding>& findings, const std::vector<std::string>& files) {
  std::map<std::string_view, std::size_t> position;
  for (std::size_t i = 0; i < files.size(); ++i) position.try_emplace(files[i], i);
  const auto key = [&](const Finding& finding) {
    const auto& place = finding.place;
    return std::tuple(position.at(place.file), place.line, place.column, finding.rule,
                      std::string_view(finding.message));
  };
  std::ranges::sort(findings, {}, key);
  const auto rest = std::ranges::unique(findings, {}, key);
  findings.erase(rest.begin(), rest.end());
}

std::vector<Finding> findings_by(std::span<const ManifestRule> rules, const Inventory& inventory,
                                 const Inventory* before) {
  const Survey survey(inventory, before);
  std::vector<Finding> findings;
  for (const auto& rule : rules) {
    Report report(rule, inventory, findings);
    rule.check(survey, report);
  }
  sort_findings(findings, inventory.files);
  return findings;
}

}  // namespace

std::vector<Finding> check_manifests(const Inventory& inventory, const Inventory* before) {
  return findings_by(manifest_rules(), inventory, before);
}

std::vector<Finding> check_rendered(std::string_view text, const std::string& name,
                                    const std::optional<ModuleFacts>& module) {
  Inventory inventory;
  inventory.module = module;
  read_manifests(inventory, text, name, "default");
  auto rules = manifest_rules();
  std::erase_if(rules, [](const ManifestRule& rule) { return !rule.of_rendered; });
  return findings_by(rules, inventory, nullptr);
}

}  // namespace wasmctl::kube
