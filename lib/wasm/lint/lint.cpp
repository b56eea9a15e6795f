#include "wasm/lint/lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/error.hpp"
#include "base/place.hpp"
#include "wasm/lint/rules.hpp"

namespace wasmctl::wasm {

void add(Findings& findings, const Rule& rule, std::string message, std::string hint,
         std::vector<Mention> about) {
  findings.push_back(
      {rule.name, rule.severity, {}, std::move(message), std::move(hint), std::move(about)});
}

void add(Findings& findings, const Rule& rule, std::string message, std::string hint,
         std::string name, std::vector<Frame> trail) {
  add(findings, rule, std::move(message), std::move(hint),
      std::vector{Mention{std::move(name), std::move(trail)}});
}

namespace {

// Where the step's function calls. Of what was inlined into it, as into one of the SDK's, the first
// that is in a source of the plugin says more than its own line; what the compiler made, as for
// static objects, has none.
Place place_in_function(const Subject& subject, const Step& step) {
  const auto origins = subject.symbols.origins(step.offset);
  Place any;
  for (const auto& [name, place] : origins) {
    if (place.line == 0) continue;
    if (is_own_source(place.file)) return place;
    if (any.line == 0) any = place;
  }
  return any;
}

}  // namespace

std::vector<Frame> frames(const Subject& subject, const std::vector<Step>& steps) {
  const auto& exports = subject.module.exports;
  // A longer chain says no more; its end, the callback, does.
  constexpr std::size_t kMostFrames = 20;
  std::vector<Frame> list;
  list.reserve(std::min(steps.size(), kMostFrames + 2));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i == kMostFrames && i + 1 < steps.size()) {
      const auto skipped = steps.size() - 1 - i;
      list.push_back({fmt::format("({} more)", skipped), {}, false, skipped});
      i = steps.size() - 1;
    }
    const auto& step = steps[i];
    list.push_back({subject.symbols.function(step.function), place_in_function(subject, step)});
  }
  if (!steps.empty()) {
    const auto last = steps.back().function;
    const bool exported = std::ranges::any_of(exports, [&](const Export& item) {
      return item.kind == ExternalKind::function && item.index == last;
    });
    list.back().by_pointer = !exported && subject.module.start != last;
  }
  return list;
}

std::string quoted(const std::vector<std::string>& names) {
  constexpr std::size_t kMostNames = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNames); ++i) {
    text += fmt::format("{}`{}`", i == 0 ? "" : ", ", names[i]);
  }
  if (names.size() > kMostNames) text += fmt::format(" and {} more", names.size() - kMostNames);
  return text;
}

std::vector<std::string> names_of(const std::vector<Mention>& about) {
  std::vector<std::string> names;
  names.reserve(about.size());
  for (const auto& mention : about) names.push_back(mention.name);
  return names;
}

bool exports_function(const Module& module, std::string_view name) {
  const auto* item = module.find_export(name);
  return item != nullptr && item->kind == ExternalKind::function;
}

Vendor vendor_of(const Subject& subject) {
  return subject.host == nullptr ? Vendor::envoy : subject.host->vendor;
}

std::string_view host_of(const Subject& subject) {
  return vendor_of(subject) == Vendor::higress ? "Higress" : "Envoy";
}

std::string_view to_string(Judge judge) {
  switch (judge) {
    case Judge::envoy:
      return "tested against Envoy";
    case Judge::kubernetes:
      return "measured on Kubernetes";
    case Judge::specification:
      return "by specification";
  }
  return "?";
}

std::vector<LintRule> rules() {
  std::vector<LintRule> all;
  for (const auto severity : {Severity::error, Severity::warning, Severity::note}) {
    for (const auto& table : {export_rules(), import_rules(), section_rules(), segment_rules(),
                              start_rules(), trial_rules(), weight_rules()}) {
      std::ranges::copy_if(table, std::back_inserter(all),
                           [&](const LintRule& rule) { return rule.severity == severity; });
    }
  }
  return all;
}

std::vector<Finding> lint(const Subject& subject) {
  Findings findings;
  for (const auto& rule : rules()) rule.check(subject, rule, findings);
  for (auto& finding : findings) finding.place.file = subject.file;
  return findings;
}

std::vector<Finding> lint(const Module& module, std::string_view file) {
  return lint({module, Symbols(module), nullptr, std::string(file)});
}

namespace {

// "caused by: called by" would say it twice.
std::vector<std::string> causes_of(const Finding& finding) {
  if (finding.about.size() != 1) return trail_lines(finding);
  std::vector<std::string> lines;
  for (const auto& frame : finding.about[0].trail) lines.push_back(to_string(frame));
  return lines;
}

}  // namespace

void throw_unloadable(const std::vector<Finding>& findings, std::string_view file) {
  std::vector<const Finding*> errors;
  for (const auto& finding : findings) {
    if (finding.severity == Severity::error) errors.push_back(&finding);
  }
  if (errors.empty()) return;
  const bool one = errors.size() == 1;
  Error error(Code::unloadable,
              one ? fmt::format("{}: {} [{}]", file, errors[0]->message, errors[0]->rule)
                  : fmt::format("{}: Envoy would refuse it for {} reasons", file, errors.size()));
  for (const auto* finding : errors) {
    if (!one) error.because(fmt::format("{} [{}]", finding->message, finding->rule));
    for (auto& line : causes_of(*finding)) error.because(std::move(line));
    const auto& hint = finding->hint;
    const auto& hints = error.hints();
    if (!hint.empty() && std::ranges::find(hints, hint) == hints.end()) error.hint(hint);
  }
  throw error;
}

void require_loadable(base::Content bytes, std::string_view file) {
  const auto module = read_module(std::move(bytes), file);
  throw_unloadable(lint(module, file), file);
}

}  // namespace wasmctl::wasm
