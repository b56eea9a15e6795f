// Why a plugin would not run, read from manifests: the mistakes that nobody else reports, or only a
// proxy's log does. Each rule is one row of a table; the tables are in lib/kube/rules.
// Sources: measured on Istio's fetcher, webhook and istiod's translation, and on a real API server.
#pragma once

#include <vector>

#include "base/finding.hpp"
#include "kube/check/inventory.hpp"

namespace wasmctl::kube {

class Survey;
class Report;

struct ManifestRule : Rule {
  void (*check)(const Survey& survey, Report& report);
};

std::vector<ManifestRule> manifest_rules();

// By file (in the inventory's order), line, column, rule and message, none twice. `before`: the
// manifests as they were, if that is known.
std::vector<Finding> check_manifests(const Inventory& inventory, const Inventory* before = nullptr);

}  // namespace wasmctl::kube
