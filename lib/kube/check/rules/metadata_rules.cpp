// Rules about metadata, which the API server judges first.
// Source: Kubernetes, apimachinery/pkg/apis/meta/v1 ObjectMeta, apimachinery/pkg/api/validation.
#include <fmt/format.h>

#include <algorithm>

#include "base/label.hpp"
#include "base/suggest.hpp"
#include "base/text.hpp"
#include "kube/check/rules/rules.hpp"
#include "kube/names.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::kube {

namespace {

using yaml::Node;

constexpr std::string_view kMetadataFields[] = {
    "name", "namespace", "labels", "annotations", "generateName",
    // What the API server writes.
    "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds", "finalizers", "ownerReferences", "managedFields", "selfLink",
    "clusterName"};

bool is_text(const Node& node) {
  return node.kind == yaml::Kind::scalar && yaml::type_of(node) == yaml::ScalarType::string;
}

bool is_null(const Node& node) {
  return node.kind == yaml::Kind::scalar && yaml::type_of(node) == yaml::ScalarType::null;
}

class MetadataCheck {
 public:
  MetadataCheck(const MetadataManifest& metadata, Report& report)
      : metadata_(metadata), report_(report) {}

  void run() {
    const auto& node = metadata_.node;
    if (node.kind != yaml::Kind::mapping) {
      const bool absent = is_null(node);
      return report_.add(
          absent ? metadata_.site : site(node),
          absent ? fmt::format("the {} has no `metadata`", metadata_.kind)
                 : fmt::format("`metadata` must be a mapping, not {}", yaml::describe(node)),
          "`metadata: {name: NAME}`");
    }
    for (const auto& entry : node.entries) {
      if (std::ranges::find(kMetadataFields, entry.key.text) != std::end(kMetadataFields)) continue;
      add(entry.key, fmt::format("`metadata` has no field `{}`", entry.key.text),
          base::suggest(entry.key.text, std::span(kMetadataFields).first(4)));
    }
    check_name();
    check_text("namespace", base::refuse_label);
    check_pairs("labels", refuse_label_key, refuse_label_value);
    check_pairs("annotations", refuse_annotation_key, nullptr);
  }

 private:
  using Judge = Reason (*)(std::string_view text);

  static Reason refuse_annotation_key(std::string_view key) {
    return refuse_label_key(base::lower(key));
  }

  void check_name() {
    const auto* const name = yaml::find(metadata_.node, "name");
    if (name == nullptr || is_null(*name)) {
      if (yaml::find(metadata_.node, "generateName") != nullptr) return;
      return report_.add(metadata_.site, fmt::format("the {} has no name", metadata_.kind),
                         "`metadata: {name: NAME}`");
    }
    check_text("name", refuse_subdomain);
  }

  void check_text(std::string_view key, Judge judge) {
    const auto* const node = yaml::find(metadata_.node, key);
    if (node == nullptr || is_null(*node)) return;
    if (!is_text(*node)) {
      const bool scalar = node->kind == yaml::Kind::scalar;
      return add(*node, fmt::format("`{}` must be a string, not {}", key, yaml::describe(*node)),
                 scalar ? "write it in quotes" : "");
    }
    if (const auto why = judge(node->text)) add(*node, fmt::format("`{}` {}", key, *why), "");
  }

  void check_pairs(std::string_view field, Judge judge_key, Judge judge_value) {
    const auto* const pairs = yaml::find(metadata_.node, field);
    if (pairs == nullptr || is_null(*pairs)) return;
    if (pairs->kind != yaml::Kind::mapping) {
      return add(*pairs,
                 fmt::format("`{}` must be a mapping, not {}", field, yaml::describe(*pairs)), "");
    }
    for (const auto& [key, value] : pairs->entries) {
      if (const auto why = judge_key(key.text)) {
        add(key, fmt::format("`{}` has a wrong key: {}", field, *why), "");
      } else if (is_null(value)) {
        continue;  // an empty text
      } else if (!is_text(value)) {
        add(value,
            fmt::format("`{}.{}` must be a string, not {}", field, key.text, yaml::describe(value)),
            value.kind == yaml::Kind::scalar ? "write it in quotes" : "");
      } else if (const auto bad = judge_value == nullptr ? Reason() : judge_value(value.text)) {
        add(value, fmt::format("`{}.{}` has a wrong value: {}", field, key.text, *bad), "");
      }
    }
  }

  Site site(const Node& node) const { return {metadata_.site.file, node.start}; }

  void add(const Node& node, std::string message, std::string hint) {
    report_.add(site(node), std::move(message), std::move(hint));
  }

  const MetadataManifest& metadata_;
  Report& report_;
};

void check_metadata(const Survey& survey, Report& report) {
  for (const auto& metadata : survey.inventory().metadata) MetadataCheck(metadata, report).run();
}

constexpr ManifestRule kMetadataRules[] = {
    {"metadata", Severity::error, "names, labels and annotations are what the API server accepts",
     RuleScope::alone, check_metadata},
};

}  // namespace

std::span<const ManifestRule> metadata_rules() {
  return kMetadataRules;
}

}  // namespace wasmctl::kube
