// Why a plugin would not run, read from manifests: the mistakes that nobody else reports, or only a
// proxy's log does. Each rule is one row of a table; the tables are in lib/kube/check/rules.
// Sources: measured on Istio's fetcher, webhook and istiod's translation, and on a real API server.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/finding.hpp"
#include "kube/check/inventory.hpp"

namespace wasmctl::kube {

class Survey;
class Report;

enum class RuleScope : std::uint8_t {
  alone,     // what an object says by itself
  together,  // how objects fit one another: not judged where a kustomization may change that
};

struct ManifestRule : Rule {
  RuleScope scope;
  void (*check)(const Survey& survey, Report& report);
  // Also of a stream that is about to be handed out. Else it is about what else there is (which may
  // be in the cluster), or about how to apply it: whoever hands it out says that.
  bool of_rendered = true;
};

std::vector<ManifestRule> manifest_rules();

// By file (in the inventory's order), line, column, rule and message, none twice. `before`: the
// manifests as they were, if that is known.
std::vector<Finding> check_manifests(const Inventory& inventory, const Inventory* before = nullptr);

// The same of one stream of manifests that is about to be handed out, by the rules for such. `name`
// is the stream's, for places; `module` what is known of the module of its one plugin.
std::vector<Finding> check_rendered(std::string_view text, const std::string& name,
                                    const std::optional<ModuleFacts>& module = std::nullopt);

}  // namespace wasmctl::kube
