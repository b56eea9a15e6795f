#include "kube/patch/text_patch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "kube/injection.hpp"
#include "kube/patch/manifest_text.hpp"
#include "kube/patch/template_edit.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;
using yaml::Node;
using yaml::Style;
using yaml::text_at;

// ---- finding workloads ----------------------------------------------------------------------

bool fits(const Node& root, const Workload& workload, const Node& pod_template,
          const Target& target) {
  if (target.workload &&
      (target.workload->kind != workload.kind || target.workload->name != workload.name)) {
    return false;
  }
  const auto ns = text_at(&root, {"metadata", "namespace"});
  if (target.ns && !ns.empty() && ns != *target.ns) return false;
  return std::ranges::all_of(target.selector, [&](const auto& label) {
    const auto* const metadata = yaml::find(pod_template, "metadata");
    const auto* const labels = metadata == nullptr ? nullptr : yaml::find(*metadata, "labels");
    const auto* const value = labels == nullptr ? nullptr : yaml::find(*labels, label.first);
    return value != nullptr && value->text == label.second;
  });
}

// The workload that an object is, if it fits, and its pod template.
const Node* find_target(const Node& object, const Target& target) {
  const auto* const kind = workload_kind(object);
  if (kind == nullptr) return nullptr;
  const auto* const pod_template = find_pod_template(object, *kind);
  const Workload workload{kind, text_at(&object, {"metadata", "name"})};
  const bool is_target = pod_template != nullptr && fits(object, workload, *pod_template, target);
  return is_target ? pod_template : nullptr;
}

// ---- what keeps a module out of pods --------------------------------------------------------

// Below `path`, as kubectl reads it; null where there is nothing. (Merged keys and `True` are other
// words to a reader of lines.)
const json& at(const json& value, std::initializer_list<const char*> path) {
  static const json kNothing;
  const auto* place = &value;
  for (const auto* const key : path) {
    if (!place->is_object() || !place->contains(key)) return kNothing;
    place = &(*place)[key];
  }
  return *place;
}

std::string text_of(const json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Labels read_labels(const json& mapping) {
  Labels labels;
  if (!mapping.is_object()) return labels;
  for (const auto& [key, value] : mapping.items()) labels[key] = text_of(value);
  return labels;
}

// The labels of the namespaces that the file has.
std::map<std::string, Labels> read_namespaces(std::string_view text, const std::string& file) {
  std::map<std::string, Labels> namespaces;
  if (text.find("Namespace") == std::string_view::npos) return namespaces;
  yaml::Reader reader(text, file);
  while (const auto document = reader.next()) {
    for (const auto* const object : objects_of(document->root)) {
      if (text_at(object, {"kind"}) != "Namespace") continue;
      const auto value = yaml::to_json(*object, file);
      namespaces[text_of(at(value, {"metadata", "name"}))] =
          read_labels(at(value, {"metadata", "labels"}));
    }
  }
  return namespaces;
}

// The container istio-proxy has an image, and it is not the injector's.
bool has_own_proxy(const json& pod_template) {
  return std::ranges::any_of(std::array{"containers", "initContainers"}, [&](const char* list) {
    const auto& containers = at(pod_template, {"spec", list});
    return std::ranges::any_of(containers, [](const json& container) {
      const auto image = text_of(at(container, {"image"}));
      return at(container, {"name"}) == kProxyContainer && !image.empty() &&
             image != kInjectedImage;
    });
  });
}

// ---- the whole file -------------------------------------------------------------------------

json* find_template(json& object, const WorkloadKind& kind) {
  auto* place = &object;
  for (const auto key : kind.pod_path) {
    if (!place->is_object() || !place->contains(key)) return nullptr;
    place = &(*place)[std::string(key)];
  }
  return place;
}

class FilePatcher {
 public:
  FilePatcher(std::string_view text, const std::string& file, const Target& target,
              const Mount& mount, Direction direction)
      : text_(text, file), file_(file), target_(target), mount_(mount), direction_(direction) {}

  TextPatch patch() {
    if (direction_ == Direction::add) namespaces_ = read_namespaces(text_.text(), file_);
    yaml::Reader reader(text_.text(), file_);
    while (const auto document = reader.next()) visit_document(document->root);
    if (patch_.workloads.empty()) throw first_refusal_ ? *first_refusal_ : nothing_fits();
    return std::move(patch_);
  }

 private:
  void visit_document(const Node& root) {
    std::vector<Edit> edits;
    for (const auto* const object : objects_of(root)) visit(*object, edits);
    if (edits.empty()) return;
    verify(root, edits);
    std::ranges::move(edits, std::back_inserter(patch_.edits));
  }

  void visit(const Node& object, std::vector<Edit>& edits) {
    const auto* const kind = workload_kind(object);
    if (kind == nullptr) return;
    const auto name = to_string({kind, text_at(&object, {"metadata", "name"})});
    others_.push_back(name);
    const auto* const pod_template = find_target(object, target_);
    if (pod_template == nullptr) return;
    auto ns = text_at(&object, {"metadata", "namespace"});
    if (const auto refusal = refuse_pods(*pod_template, name, ns)) {
      if (target_.workload) throw *refusal;
      if (!first_refusal_) first_refusal_ = refusal;
      patch_.skipped.push_back({name, refusal->message()});
      return;
    }
    require_own_template(object, *kind);
    patch_.workloads.push_back({name, std::move(ns)});
    std::ranges::move(edit_template(text_, *pod_template, mount_, direction_),
                      std::back_inserter(edits));
  }

  // An alias on the way: what is below it stands at its anchor.
  void require_own_template(const Node& object, const WorkloadKind& kind) const {
    const auto* place = &object;
    text_.require_own(*place);
    for (const auto key : kind.pod_path) {
      place = yaml::find(*place, key);
      text_.require_own(*place);
    }
  }

  // Why the module would not be in these pods, in the words of `check`. What is there comes out
  // again, whatever they are.
  std::optional<Error> refuse_pods(const Node& pod_template, const std::string& workload,
                                   const std::string& written_ns) const {
    if (direction_ == Direction::undo) return std::nullopt;
    const auto value = yaml::to_json(pod_template, file_);
    const auto labels = read_labels(at(value, {"metadata", "labels"}));
    const auto inject = text_of(at(value, {"metadata", "annotations", kInjectKey}));
    const auto templates = text_of(at(value, {"metadata", "annotations", kTemplatesAnnotation}));
    const PodTraits pod{labels, inject, templates, at(value, {"spec", "hostNetwork"}) == true,
                        has_own_proxy(value)};
    const bool by_annotation = mount_.style == MountStyle::annotations;
    if (by_annotation && is_gateway(pod)) {
      return Error(Code::bad_input, fmt::format("{} is a gateway, whose template ignores {}",
                                                workload, kVolumeAnnotation))
          .hint("mount into its container `istio-proxy`: `--mount container`");
    }
    if (pod.own_proxy && !by_annotation) return std::nullopt;  // made by hand: the file is in it
    const auto ns = written_ns.empty() ? target_.ns.value_or("") : written_ns;
    const auto ns_labels = namespaces_.find(ns);
    const auto why =
        why_not_injected(pod, ns, ns_labels == namespaces_.end() ? nullptr : &ns_labels->second);
    if (!why) return std::nullopt;
    return Error(Code::bad_input,
                 fmt::format("the pods of {} get no proxy ({}), so plugin `{}` cannot run there",
                             workload, *why, mount_.plugin))
        .hint("allow the injection, or leave the workload as it is");
  }

  // Reads the changed document again: but for the plugin's own parts it must say what it said.
  void verify(const Node& root, std::vector<Edit> edits) const {
    const std::size_t begin = text_.line_begin(root.start.offset);
    const std::size_t end =
        std::max(text_.behind_line(text_.content_end(root)), text_.behind_line(edits.back().end));
    for (auto& edit : edits) {
      edit.begin -= begin;
      edit.end -= begin;
    }
    const auto changed = apply_edits(text_.text().substr(begin, end - begin), edits);
    try {
      if (stripped(yaml::read_one(changed, file_).root) == stripped(root)) return;
    } catch (const Error&) {
      // What is no YAML any more is refused like what says something else.
      throw text_.refuse(root, "lines added to this document would break it");
    }
    throw text_.refuse(root, "lines added to this document would change its meaning");
  }

  json stripped(const Node& root) const {
    auto value = yaml::to_json(root, file_);
    const auto strip = [&](json& object, const Node& node) {
      // Of those alone that are meant: what another one shares by an alias must not change.
      if (find_target(node, target_) == nullptr) return;
      auto* const pod_template = find_template(object, *workload_kind(node));
      if (pod_template != nullptr) strip_template(*pod_template, mount_);
    };
    const auto objects = objects_of(root);
    for (std::size_t i = 0; i < objects.size(); ++i) {
      strip(objects[i] == &root ? value : value["items"][i], *objects[i]);
    }
    return value;
  }

  Error nothing_fits() const {
    if (others_.empty()) return {Code::not_found, fmt::format("{} has no workload", file_)};
    return Error(Code::not_found, fmt::format("no workload of {} fits", file_))
        .hint(fmt::format("there are: {}", listed(others_)));
  }

  ManifestText text_;
  const std::string& file_;
  const Target& target_;
  const Mount& mount_;
  Direction direction_;
  std::map<std::string, Labels> namespaces_;
  TextPatch patch_;
  std::optional<Error> first_refusal_;
  std::vector<std::string> others_;
};

// What only Helm's templates have.
bool has_helm_sign(std::string_view text) {
  constexpr std::array<std::string_view, 9> kSigns = {"{{-",       "-}}",         "{{ .Values",
                                                      "{{.Values", "{{ .Release", "{{.Release",
                                                      "{{ .Chart", "{{ include ", "{{ template "};
  return text.find("{{") != std::string_view::npos &&
         std::ranges::any_of(kSigns, [&](std::string_view sign) {
           return text.find(sign) != std::string_view::npos;
         });
}

// Braces in comments and block scalars are other tools' (Vault, Prometheus), and none of our
// business.
bool is_helm_template(const Node& node) {
  const bool is_block = node.style == Style::literal || node.style == Style::folded;
  if (node.kind == yaml::Kind::scalar) return !is_block && has_helm_sign(node.text);
  return std::ranges::any_of(node.items, [](const Node& item) { return is_helm_template(item); }) ||
         std::ranges::any_of(node.entries, [](const yaml::Entry& entry) {
           return is_helm_template(entry.key) || is_helm_template(entry.value);
         });
}

bool is_helm_template(std::string_view text, const std::string& file) {
  if (!has_helm_sign(text)) return false;
  try {
    yaml::Reader reader(text, file);
    while (const auto document = reader.next()) {
      if (is_helm_template(document->root)) return true;
    }
    return false;
  } catch (const Error&) {
    return true;
  }
}

}  // namespace

TextPatch patch_text(std::string_view text, const std::string& file, const Target& target,
                     const Mount& mount, Direction direction) {
  constexpr auto kHint =
      "a Helm template is no YAML before it is rendered: patch what `helm template` prints";
  for (auto cr = text.find('\r'); cr != std::string_view::npos; cr = text.find('\r', cr + 1)) {
    if (cr + 1 < text.size() && text[cr + 1] == '\n') continue;
    throw Error(
        Code::bad_input,
        fmt::format("{} has a carriage return that is not part of a line end (byte {})", file, cr));
  }
  if (is_helm_template(text, file)) {
    throw Error(Code::bad_input, fmt::format("{} is a Helm template", file)).hint(kHint);
  }
  try {
    return FilePatcher(text, file, target, mount, direction).patch();
  } catch (Error& error) {
    if (error.code() == Code::bad_input && error.hints().empty() &&
        text.find("{{") != std::string_view::npos) {
      error.hint(kHint);
    }
    throw;
  }
}

std::vector<json> find_workloads(std::string_view text, const std::string& file,
                                 const Target& target) {
  std::vector<json> found;
  yaml::Reader reader(text, file);
  while (const auto document = reader.next()) {
    for (const auto* const object : objects_of(document->root)) {
      if (find_target(*object, target) != nullptr) found.push_back(yaml::to_json(*object, file));
    }
  }
  return found;
}

}  // namespace wasmctl::kube
