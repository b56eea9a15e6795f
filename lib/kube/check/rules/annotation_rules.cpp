// Rules about Istio's annotations that mount, which nobody validates: the injector puts their JSON
// into its template, and reads the result into Kubernetes' types.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "base/text.hpp"
#include "kube/check/rules/rules.hpp"
#include "kube/mount.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;

constexpr std::string_view kSidecarAnnotations[] = {kVolumeAnnotation, kMountAnnotation};

void check_annotation_json(const Survey& survey, Report& report) {
  for (const auto& pods : survey.pods()) {
    const auto& workload = *pods.workload;
    for (const auto key : kSidecarAnnotations) {
      const auto found = workload.annotations.find(std::string(key));
      const auto& value = key == kVolumeAnnotation ? pods.volume_annotation : pods.mount_annotation;
      if (found == workload.annotations.end() || value != nullptr) continue;
      report.add(site_of(workload, found->second), fmt::format("{} is no JSON object", key),
                 "the injector fails on it, and no pod is ever made: write {\"VOLUME\":{...}}");
    }
  }
}

// ---- fields
// --------------------------------------------------------------------------------------

enum class Form : std::uint8_t { any, text, number, boolean, list, object };

struct JsonField {
  std::string_view name;
  Form form = Form::any;
  std::span<const JsonField> fields = {};  // of an object, or of a list's items; none: not known
};

// Source: Kubernetes API reference, Volume and VolumeMount v1 core.
constexpr JsonField kItem[] = {{"key", Form::text}, {"path", Form::text}, {"mode", Form::number}};
constexpr JsonField kConfigMap[] = {{"name", Form::text},
                                    {"items", Form::list, kItem},
                                    {"defaultMode", Form::number},
                                    {"optional", Form::boolean}};
constexpr JsonField kSecret[] = {{"secretName", Form::text},
                                 {"items", Form::list, kItem},
                                 {"defaultMode", Form::number},
                                 {"optional", Form::boolean}};
constexpr JsonField kEmptyDir[] = {{"medium", Form::text}, {"sizeLimit"}};
constexpr JsonField kHostPath[] = {{"path", Form::text}, {"type", Form::text}};
constexpr JsonField kClaim[] = {{"claimName", Form::text}, {"readOnly", Form::boolean}};
constexpr JsonField kImage[] = {{"reference", Form::text}, {"pullPolicy", Form::text}};
constexpr JsonField kVolume[] = {
    {"name", Form::text},
    {"configMap", Form::object, kConfigMap},
    {"secret", Form::object, kSecret},
    {"emptyDir", Form::object, kEmptyDir},
    {"hostPath", Form::object, kHostPath},
    {"persistentVolumeClaim", Form::object, kClaim},
    {"image", Form::object, kImage},
    {"projected", Form::object},
    {"downwardAPI", Form::object},
    {"csi", Form::object},
    {"ephemeral", Form::object},
    {"nfs", Form::object},
    {"iscsi", Form::object},
    {"fc", Form::object},
    {"rbd", Form::object},
    {"cephfs", Form::object},
    {"cinder", Form::object},
    {"flexVolume", Form::object},
    {"glusterfs", Form::object},
    {"azureDisk", Form::object},
    {"azureFile", Form::object},
    {"awsElasticBlockStore", Form::object},
    {"gcePersistentDisk", Form::object},
    {"gitRepo", Form::object},
    {"portworxVolume", Form::object},
    {"vsphereVolume", Form::object},
};
constexpr JsonField kMount[] = {
    {"name", Form::text},
    {"mountPath", Form::text},
    {"readOnly", Form::boolean},
    {"subPath", Form::text},
    {"subPathExpr", Form::text},
    {"mountPropagation", Form::text},
    {"recursiveReadOnly", Form::text},
};

bool has_form(const json& value, Form form) {
  switch (form) {
    case Form::any:
      return true;
    case Form::text:
      return value.is_string();
    case Form::number:
      return value.is_number_integer();
    case Form::boolean:
      return value.is_boolean();
    case Form::list:
      return value.is_array();
    case Form::object:
      return value.is_object();
  }
  return true;
}

std::string_view to_string(Form form) {
  constexpr std::string_view kNames[] = {"anything",      "a string", "a whole number",
                                         "true or false", "a list",   "an object"};
  return kNames[static_cast<std::size_t>(form)];
}

// What is said of one annotation.
class AnnotationField {
 public:
  AnnotationField(std::string_view annotation, const Site& site, Report& report)
      : annotation_(annotation), site_(site), report_(report) {}

  void check(const json& object, std::span<const JsonField> known) {
    if (!object.is_object()) return;
    for (const auto& [name, value] : object.items()) {
      const auto field = std::ranges::find(known, base::lower(name), [](const JsonField& row) {
        return base::lower(row.name);  // Go's decoder takes any capitals
      });
      if (field == known.end()) {
        report_.add(site_,
                    fmt::format("the injector drops `{}` in {} without a word", name, annotation_),
                    hint(name, known));
      } else if (!has_form(value, field->form)) {
        report_.add(
            site_,
            fmt::format("`{}` in {} must be {}: the injector fails, and no pod is made", name,
                        annotation_, to_string(field->form)),
            field->form == Form::number ? "JSON knows decimal numbers only: 0444 is 292" : "");
      } else {
        descend(value, *field);
      }
    }
  }

 private:
  static std::string hint(std::string_view word, std::span<const JsonField> known) {
    std::vector<std::string_view> names;
    names.reserve(known.size());
    for (const auto& row : known) names.push_back(row.name);
    const auto guess = base::nearest(word, names);
    return guess.empty() ? "`kubectl explain pod.spec.volumes` lists the fields"
                         : fmt::format("did you mean `{}`?", guess);
  }

  void descend(const json& value, const JsonField& field) {
    if (field.fields.empty()) return;
    if (field.form == Form::object) check(value, field.fields);
    if (field.form != Form::list) return;
    for (const auto& item : value) check(item, field.fields);
  }

  std::string_view annotation_;
  const Site& site_;
  Report& report_;
};

void check_annotation_field(const Survey& survey, Report& report) {
  for (const auto& pods : survey.pods()) {
    const auto check = [&](const char* key, const auto& value, std::span<const JsonField> known) {
      if (value == nullptr) return;
      const auto site = site_of(*pods.workload, pods.workload->annotations.at(key));
      for (const auto& [name, object] : value->items()) {
        AnnotationField(key, site, report).check(object, known);
      }
    };
    check(kVolumeAnnotation, pods.volume_annotation, kVolume);
    check(kMountAnnotation, pods.mount_annotation, kMount);
  }
}

// Annotations of a name that Istio does not have are nobody's mistake to it.
void check_annotation_name(const Survey& survey, Report& report) {
  constexpr std::string_view kPrefix = "sidecar.istio.io/user";
  for (const auto& workload : survey.inventory().workloads) {
    for (const auto& [key, value] : workload.annotations) {
      const auto lower = base::lower(key);
      const bool known = key == kVolumeAnnotation || key == kMountAnnotation;
      if (known || !lower.starts_with(kPrefix)) continue;
      const bool mounts = lower.find("mount") != std::string::npos;
      report.add(site_of(workload, value), fmt::format("Istio has no annotation {}", key),
                 fmt::format("did you mean `{}`?", mounts ? kMountAnnotation : kVolumeAnnotation));
    }
  }
}

// ---- places
// --------------------------------------------------------------------------------------

void check_annotation_place(const Survey& survey, Report& report) {
  for (const auto& workload : survey.inventory().workloads) {
    for (const auto key : kSidecarAnnotations) {
      const auto found = workload.own_annotations.find(std::string(key));
      if (found == workload.own_annotations.end()) continue;
      report.add(found->second, fmt::format("{} on the {} itself does nothing", key, workload.kind),
                 "the injector reads the pod template's annotations: move it to "
                 "spec.template.metadata");
    }
  }
}

void check_gateway_annotation(const Survey& survey, Report& report) {
  for (const auto& pods : survey.pods()) {
    if (!pods.is_gateway) continue;
    const auto& workload = *pods.workload;
    for (const auto key : kSidecarAnnotations) {
      const auto found = workload.annotations.find(std::string(key));
      if (found == workload.annotations.end()) continue;
      report.add(site_of(workload, found->second),
                 fmt::format("a gateway's template ignores {}", key),
                 "take it out, and mount into the container `istio-proxy`: `wasmctl patch ... "
                 "--undo`, then `--mount container`");
    }
  }
}

constexpr ManifestRule kAnnotationRules[] = {
    {"annotation-json", Severity::error, "the annotations that mount are JSON objects",
     RuleScope::alone, check_annotation_json},
    {"annotation-field", Severity::error,
     "the annotations that mount have Kubernetes' fields, in its forms", RuleScope::alone,
     check_annotation_field},
    {"annotation-name", Severity::error, "the annotations that mount are spelt as Istio reads them",
     RuleScope::alone, check_annotation_name},
    {"annotation-place", Severity::error, "the annotations that mount are on the pod template",
     RuleScope::alone, check_annotation_place},
    {"gateway-annotation", Severity::error, "a gateway's mount is not by annotation",
     RuleScope::alone, check_gateway_annotation},
};

}  // namespace

std::span<const ManifestRule> annotation_rules() {
  return kAnnotationRules;
}

}  // namespace wasmctl::kube
