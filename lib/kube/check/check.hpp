// Why a plugin would not run, read from manifests: the mistakes that nobody else reports, or only a
// proxy's log does. Each rule is one row of a table; the tables are in lib/kube/rules.
// Sources: measured on Istio's fetcher, webhook and istiod's translation, and on a real API server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kube/check/inventory.hpp"

namespace wasmctl::kube {

enum class Severity : std::uint8_t {
  error,    // it cannot work
  warning,  // it may work, but probably not as meant
};
std::string_view to_string(Severity severity);

struct ManifestFinding {
  std::string_view rule;
  Severity severity = Severity::error;
  Site site;
  std::string message;
  std::string hint;  // the remedy
};

class Survey;
class Report;

enum class RuleScope : std::uint8_t {
  alone,     // what an object says by itself
  together,  // how objects fit one another: not judged where a kustomization may change that
};

struct ManifestRule {
  std::string_view name;
  Severity severity;
  RuleScope scope;
  std::string_view demand;
  void (*check)(const Survey& survey, Report& report);
};

std::vector<ManifestRule> manifest_rules();

// By file, line and column. `before`: the manifests as they were, if that is known.
std::vector<ManifestFinding> check_manifests(const Inventory& inventory,
                                             const Inventory* before = nullptr);

// By file, line, column, rule and message, none twice.
void sort_findings(std::vector<ManifestFinding>& findings);

}  // namespace wasmctl::kube
