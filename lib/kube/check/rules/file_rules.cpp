// Rules about what is in the files at all.
#include <fmt/format.h>

#include <algorithm>

#include "kube/check/rules/rules.hpp"

namespace wasmctl::kube {

namespace {

void check_yaml(const Survey& survey, Report& report) {
  for (const auto& [site, text] : survey.inventory().unreadable) {
    report.add(site, text,
               "nothing behind this place was looked at; of a Helm chart, check what "
               "`helm template` prints");
  }
}

void check_unknown_kind(const Survey& survey, Report& report) {
  for (const auto& [site, text] : survey.inventory().unknown_kinds) {
    report.add(site, fmt::format("Istio has no {}", text),
               "`extensions.istio.io/v1alpha1` has WasmPlugin and TrafficExtension");
  }
}

constexpr ManifestRule kFileRules[] = {
    {"yaml", Severity::error, "the file is YAML", check_yaml},
    {"unknown-kind", Severity::error, "what is in Istio's group is of one of its kinds",
     check_unknown_kind},
};

}  // namespace

std::string assumption(std::initializer_list<const Object*> objects) {
  const auto* const found = std::ranges::find_if(objects, &Object::ns_assumed);
  if (found == objects.end()) return "";
  return fmt::format(" (`{}` names no namespace: if it does not go to {}, say so by `-n`)",
                     (*found)->name, (*found)->ns);
}

std::span<const ManifestRule> file_rules() {
  return kFileRules;
}

}  // namespace wasmctl::kube
