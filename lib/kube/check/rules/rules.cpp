#include "kube/check/rules/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/reference.hpp"
#include "yaml/json.hpp"

namespace wasmctl::kube {

void Report::add(const Site& site, std::string message, std::string hint) {
  if (rule_.scope == RuleScope::together && inventory_.mended[site.file]) return;
  if (++count_ > kMaxFindings) return;
  findings_.push_back({rule_.name, rule_.severity, place_of(inventory_, site),
                       base::without_logins(std::move(message)),
                       base::without_logins(std::move(hint))});
}

Report::~Report() {
  if (count_ <= kMaxFindings) return;
  findings_.back().message += fmt::format(" (and {} more like it)", count_ - kMaxFindings);
}

std::string describe(const std::vector<const Pods*>& pods) {
  auto first = describe(*pods.front()->workload);
  if (pods.size() == 1) return first;
  return fmt::format("{} and {} more workload{}", first, pods.size() - 1,
                     pods.size() == 2 ? "" : "s");
}

std::vector<const yaml::Node*> targets_of(const yaml::Node& spec) {
  std::vector<const yaml::Node*> targets;
  if (const auto* const target = yaml::find(spec, "targetRef")) targets.push_back(target);
  if (const auto* const list = yaml::find(spec, "targetRefs")) {
    for (const auto& item : list->items) targets.push_back(&item);
  }
  return targets;
}

std::pair<std::string, std::string> named_by(const yaml::Node& target) {
  const auto* const kind = yaml::find(target, "kind");
  const auto* const name = yaml::find(target, "name");
  return {kind == nullptr ? "" : kind->text, name == nullptr ? "" : name->text};
}

std::string assumption(std::initializer_list<const Object*> objects) {
  const auto* const found = std::ranges::find_if(objects, &Object::ns_assumed);
  if (found == objects.end()) return "";
  return fmt::format(" (`{}` names no namespace: if it does not go to {}, say so by `-n`)",
                     (*found)->name, (*found)->ns);
}

std::optional<Remark> judge_image(std::string_view image, std::string_view consumer,
                                  std::string_view form) {
  for (const std::string_view variable : {"${", "$(", "{{"}) {
    if (image.find(variable) == std::string_view::npos) continue;
    return Remark{fmt::format("`{}` has a variable that nothing has replaced", image),
                  "check what is applied, after the substitution"};
  }
  try {
    (void)oci::parse_image_name(image);
    return std::nullopt;
  } catch (const Error& error) {
    return Remark{fmt::format("{}: {} cannot read the image's name", error.message(), consumer),
                  fmt::format("write `{}`", form)};
  }
}

const ModuleFacts* facts_of(const Survey& survey, const PluginManifest& plugin) {
  const auto& module = survey.inventory().module;
  const bool is_its = module && (survey.istio_plugins().size() == 1 || module->plugin.empty() ||
                                 module->plugin == plugin.name);
  return is_its ? &*module : nullptr;
}

std::optional<nlohmann::json> to_json(const yaml::Node& node, const Object& object,
                                      Report& report) {
  try {
    return yaml::to_json(node, "");
  } catch (const Error& error) {
    auto site = site_of(object, node);
    if (const auto& place = error.place()) {
      site.mark.line = place->line;
      site.mark.column = place->column;
    }
    const bool twice = error.reason().ends_with("is set twice");
    report.add(site, std::string(error.reason()),
               twice
                   ? "`y`, `yes` and `on` are true to Kubernetes, `n`, `no` and `off` false: write "
                     "such keys in quotes"
                   : "");
    return std::nullopt;
  }
}

Site site_of(const Object& object, const yaml::Node& root, const ShapeViolation& violation) {
  const auto& node = yaml::node_at(root, violation.path);
  const auto key = std::ranges::find(node.entries, violation.key,
                                     [](const yaml::Entry& entry) { return entry.key.text; });
  const bool is_key = !violation.key.empty() && key != node.entries.end();
  return site_of(object, is_key ? key->key : node);
}

}  // namespace wasmctl::kube
