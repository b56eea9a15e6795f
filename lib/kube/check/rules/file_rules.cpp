// Rules about what is in the files at all.
#include <fmt/format.h>

#include <algorithm>

#include "kube/check/rules/rules.hpp"

namespace wasmctl::kube {

namespace {

void check_yaml(const Survey& survey, Report& report) {
  for (const auto& [site, text, is_template] : survey.inventory().unreadable) {
    if (is_template) {
      report.add(site, fmt::format("a template is no YAML before it is rendered ({})", text),
                 "of a Helm chart, check what `helm template CHART` prints");
    } else {
      report.add(site, text, "nothing after this place was looked at");
    }
  }
}

void check_unknown_kind(const Survey& survey, Report& report) {
  for (const auto& [site, api_version, kind, meant] : survey.inventory().unknown_kinds) {
    const bool extension = meant->api_version.starts_with("extensions.istio.io/");
    report.add(site, fmt::format("{} has no {} {}", meant->consumer, api_version, kind),
               extension ? "`extensions.istio.io/v1alpha1` has WasmPlugin and TrafficExtension"
                         : fmt::format("`{}` has {}", meant->api_version, meant->name));
  }
}

constexpr ManifestRule kFileRules[] = {
    {"yaml", Severity::error, "the file is YAML", RuleScope::alone, check_yaml},
    {"unknown-kind", Severity::error,
     "what is in a group that loads plugins is of one of its kinds and versions", RuleScope::alone,
     check_unknown_kind},
};

}  // namespace

std::span<const ManifestRule> file_rules() {
  return kFileRules;
}

}  // namespace wasmctl::kube
