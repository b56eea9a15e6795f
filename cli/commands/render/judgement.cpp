#include "cli/commands/render/judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.hpp"
#include "base/finding.hpp"
#include "kube/check/check.hpp"
#include "kube/check/inventory.hpp"
#include "yaml/write.hpp"

namespace wasmctl::cli {

namespace {

void add(kube::Inventory& inventory, const Rendering& rendering, const RenderedPlugin& plugin) {
  const auto read = [&](const std::optional<nlohmann::ordered_json>& document) {
    if (!document) return;
    kube::read_manifests(inventory, yaml::write(*document), plugin.name,
                         rendering.ns.value_or("default"));
  };
  read(plugin.pull_secret);
  read(plugin.config_map);
  read(plugin.resource);
}

// All of them together, for what is between them; each with its module, for what that says.
std::vector<Finding> check(const Rendering& rendering) {
  kube::Inventory together;
  for (const auto& plugin : rendering.plugins) add(together, rendering, plugin);
  auto findings = kube::check_manifests(together);
  for (const auto& plugin : rendering.plugins) {
    if (!plugin.module) continue;
    kube::Inventory alone;
    add(alone, rendering, plugin);
    alone.module = plugin.module;
    for (auto& finding : kube::check_manifests(alone)) {
      const bool known = std::ranges::any_of(
          findings, [&](const Finding& other) { return other.message == finding.message; });
      if (!known) findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace

std::string text_of(const Finding& finding) {
  return fmt::format("{} [{}]", finding.message, finding.rule);
}

std::vector<Finding> judge(const Rendering& rendering) {
  if (rendering.consumer == kube::Consumer::envoy) return {};  // no manifests
  std::vector<Finding> errors;
  std::vector<Finding> warnings;
  for (auto& finding : check(rendering)) {
    (finding.severity == Severity::error ? errors : warnings).push_back(std::move(finding));
  }
  if (errors.empty()) return warnings;
  Error refusal(Code::bad_input, text_of(errors.front()));
  for (std::size_t i = 1; i < errors.size(); ++i) refusal.because(text_of(errors[i]));
  for (const auto& error : errors) refusal.hint(error.hint);
  throw refusal;
}

}  // namespace wasmctl::cli
