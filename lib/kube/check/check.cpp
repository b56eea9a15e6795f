#include "kube/check/check.hpp"

#include <algorithm>
#include <tuple>

#include "kube/check/rules/rules.hpp"
#include "kube/check/survey.hpp"

namespace wasmctl::kube {

std::string_view to_string(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::vector<ManifestRule> manifest_rules() {
  std::vector<ManifestRule> rules;
  for (const auto& table : {file_rules(), metadata_rules(), plugin_rules(), image_rules(),
                            mount_rules(), config_map_rules(), proxy_rules(), annotation_rules(),
                            reach_rules(), target_rules(), gateway_rules()}) {
    rules.insert(rules.end(), table.begin(), table.end());
  }
  return rules;
}

void sort_findings(std::vector<ManifestFinding>& findings) {
  const auto key = [](const ManifestFinding& finding) {
    return std::tuple(finding.site.file, finding.site.mark.line, finding.site.mark.column,
                      finding.rule, std::string_view(finding.message));
  };
  std::ranges::sort(findings, {}, key);
  const auto rest = std::ranges::unique(findings, {}, key);
  findings.erase(rest.begin(), rest.end());
}

std::vector<ManifestFinding> check_manifests(const Inventory& inventory, const Inventory* before) {
  const Survey survey(inventory, before);
  std::vector<ManifestFinding> findings;
  for (const auto& rule : manifest_rules()) {
    Report report(rule, inventory, findings);
    rule.check(survey, report);
  }
  sort_findings(findings);
  return findings;
}

}  // namespace wasmctl::kube
