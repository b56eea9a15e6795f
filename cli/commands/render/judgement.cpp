#include "cli/commands/render/judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/finding.hpp"
#include "kube/check/check.hpp"
#include "yaml/write.hpp"

namespace wasmctl::cli {

namespace {

// The documents of a plugin, as a stream.
std::string stream_of(const RenderedPlugin& plugin) {
  std::string text;
  for (const auto& document :
       {plugin.pull_secret, plugin.config_map, std::optional(plugin.resource)}) {
    if (document) text += "---\n" + yaml::write(*document);
  }
  return text;
}

// All of them together, for what is between them; each with its module, for what that says.
std::vector<Finding> check_all(const Rendering& rendering) {
  std::string text;
  for (const auto& plugin : rendering.plugins) text += stream_of(plugin);
  auto findings = kube::check_rendered(text, "rendered");
  for (const auto& plugin : rendering.plugins) {
    if (!plugin.module) continue;
    for (auto& finding : kube::check_rendered(stream_of(plugin), plugin.name, plugin.module)) {
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
  if (!rendering.kind->fetcher) return {};  // no manifests
  std::vector<Finding> errors;
  std::vector<Finding> warnings;
  for (auto& finding : check_all(rendering)) {
    (finding.severity == Severity::error ? errors : warnings).push_back(std::move(finding));
  }
  if (errors.empty()) return warnings;
  Error refusal(Code::bad_input, text_of(errors.front()));
  for (std::size_t i = 1; i < errors.size(); ++i) refusal.because(text_of(errors[i]));
  for (const auto& error : errors) refusal.hint(error.hint);
  throw refusal;
}

}  // namespace wasmctl::cli
