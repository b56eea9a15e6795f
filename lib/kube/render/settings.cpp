#include "kube/render/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/suggest.hpp"
#include "kube/names.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;

constexpr std::string_view kPhases[] = {"UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"};
constexpr std::string_view kFailStrategies[] = {"FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"};
constexpr std::string_view kPullPolicies[] = {"UNSPECIFIED_POLICY", "IfNotPresent", "Always"};
constexpr std::string_view kPluginTypes[] = {"UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"};
constexpr std::string_view kModes[] = {"UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"};
constexpr std::string_view kValueSources[] = {"INLINE", "HOST"};

constexpr Shape kSelectorFields[] = {{.key = "matchLabels", .type = Type::labels}};

constexpr Shape kTargetRefFields[] = {
    {.key = "group", .max = 253},
    {.key = "kind", .min = 1, .max = 63, .required = true},
    {.key = "name", .min = 1, .max = 253, .required = true},
};
constexpr Shape kTargetRef[] = {
    {.key = "", .type = Type::mapping, .fields = kTargetRefFields},
};

constexpr Shape kPortFields[] = {
    {.key = "number", .type = Type::integer, .min = 1, .max = 65535, .required = true},
};
constexpr Shape kPort[] = {{.key = "", .type = Type::mapping, .fields = kPortFields}};
constexpr Shape kMatchFields[] = {
    {.key = "mode", .type = Type::choice, .choices = kModes},
    {.key = "ports", .type = Type::list, .fields = kPort},
};
constexpr Shape kMatch[] = {{.key = "", .type = Type::mapping, .fields = kMatchFields}};

constexpr Shape kEnvFields[] = {
    {.key = "name", .min = 1, .max = 256, .required = true},
    {.key = "valueFrom", .type = Type::choice, .choices = kValueSources},
    {.key = "value", .max = 2048},
};
constexpr Shape kEnv[] = {{.key = "", .type = Type::mapping, .fields = kEnvFields}};
constexpr Shape kVmConfigFields[] = {
    {.key = "env", .type = Type::list, .max = 256, .fields = kEnv},
};

constexpr Field kFields[] = {
    {{.key = "selector", .type = Type::mapping, .fields = kSelectorFields}, "selector", Part::spec},
    {{.key = "targetRefs", .type = Type::list, .max = 16, .fields = kTargetRef},
     "targetRefs",
     Part::spec},
    {{.key = "phase", .type = Type::choice, .choices = kPhases}, "phase", Part::spec},
    {{.key = "priority", .type = Type::integer, .min = std::numeric_limits<std::int32_t>::min()},
     "priority",
     Part::spec},
    {{.key = "match", .type = Type::list, .fields = kMatch}, "match", Part::spec},
    {{.key = "type", .type = Type::choice, .choices = kPluginTypes}, "type", Part::wasm},
    {{.key = "imagePullPolicy", .type = Type::choice, .choices = kPullPolicies},
     "imagePullPolicy",
     Part::wasm},
    {{.key = "imagePullSecret", .min = 1, .max = 253}, "imagePullSecret", Part::wasm},
    {{.key = "failStrategy", .type = Type::choice, .choices = kFailStrategies},
     "failStrategy",
     Part::wasm},
    {{.key = "pluginName", .min = 1, .max = 256}, "pluginName", Part::wasm},
    {{.key = "config", .type = Type::any_object}, "pluginConfig", Part::wasm},
    {{.key = "vmConfig", .type = Type::mapping, .fields = kVmConfigFields}, "vmConfig", Part::wasm},
    {{.key = "configSchema", .min = 1, .max = 4096}, "", Part::local},
};

std::string_view describe(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "nothing";
    case json::value_t::boolean:
      return "a boolean";
    case json::value_t::string:
      return "a string";
    case json::value_t::array:
      return "a list";
    case json::value_t::object:
      return "a mapping";
    default:
      return "a number";
  }
}

// A value with its path ("vmConfig.env[1].name"), to judge it and to say so.
struct Candidate {
  const json& value;
  std::string path;
  const Origin& origin;

  Error refuse(std::string_view why) const {
    return Error(origin.code, fmt::format("{}: `{}` {}", origin.place, path, why));
  }
  void expect(bool fits, std::string_view form) const {
    if (!fits) throw refuse(fmt::format("must be {}, not {}", form, describe(value)));
  }
  Candidate child(std::string_view key) const {
    return {value.at(std::string(key)), fmt::format("{}.{}", path, key), origin};
  }
  Candidate item(std::size_t index) const {
    return {value.at(index), fmt::format("{}[{}]", path, index), origin};
  }
};

void check(const Candidate& candidate, const Shape& shape);

void check_text(const Candidate& candidate, const Shape& shape) {
  candidate.expect(candidate.value.is_string(), "a string");
  const auto size = static_cast<std::int64_t>(candidate.value.get_ref<const std::string&>().size());
  if (size < shape.min) throw candidate.refuse("must not be empty");
  if (size > shape.max) {
    throw candidate.refuse(fmt::format("has {} bytes; at most {} are allowed", size, shape.max));
  }
}

void check_choice(const Candidate& candidate, const Shape& shape) {
  candidate.expect(candidate.value.is_string(), "a string");
  const auto& word = candidate.value.get_ref<const std::string&>();
  if (std::ranges::find(shape.choices, word) != shape.choices.end()) return;
  throw candidate.refuse(fmt::format("cannot be `{}`", word))
      .hint(base::suggest(word, shape.choices));
}

void check_integer(const Candidate& candidate, const Shape& shape) {
  if (candidate.value.is_number_float()) {
    throw candidate.refuse(fmt::format("must be a whole number, not {}", candidate.value.dump()));
  }
  candidate.expect(candidate.value.is_number_integer(), "a whole number");
  const bool huge = candidate.value.is_number_unsigned() &&
                    candidate.value.get<std::uint64_t>() >
                        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto number = huge ? 0 : candidate.value.get<std::int64_t>();
  if (huge || number < shape.min || number > shape.max) {
    throw candidate.refuse(
        fmt::format("must be from {} to {}, not {}", shape.min, shape.max, candidate.value.dump()));
  }
}

void check_labels(const Candidate& candidate) {
  candidate.expect(candidate.value.is_object(), "a mapping");
  for (const auto& [key, value] : candidate.value.items()) {
    if (const auto why = refuse_label_key(key))
      throw candidate.refuse(fmt::format("has a wrong key: {}", *why));
    const auto label = candidate.child(key);
    label.expect(label.value.is_string(), "a string");
    if (const auto why = refuse_label_value(label.value.get_ref<const std::string&>())) {
      throw label.refuse(fmt::format("has a wrong value: {}", *why));
    }
  }
}

void check_mapping(const Candidate& candidate, const Shape& shape) {
  candidate.expect(candidate.value.is_object(), "a mapping");
  std::vector<std::string_view> known;
  for (const auto& field : shape.fields) known.push_back(field.key);
  for (const auto& [key, value] : candidate.value.items()) {
    const auto field = std::ranges::find(shape.fields, std::string_view(key), &Shape::key);
    if (field == shape.fields.end()) {
      throw candidate.refuse(fmt::format("has no field `{}`", key)).hint(base::suggest(key, known));
    }
    check(candidate.child(key), *field);
  }
  for (const auto& field : shape.fields) {
    if (field.required && !candidate.value.contains(field.key)) {
      throw candidate.refuse(fmt::format("needs `{}`", field.key));
    }
  }
}

void check_list(const Candidate& candidate, const Shape& shape) {
  candidate.expect(candidate.value.is_array(), "a list");
  if (static_cast<std::int64_t>(candidate.value.size()) > shape.max) {
    throw candidate.refuse(
        fmt::format("has {} items; at most {} are allowed", candidate.value.size(), shape.max));
  }
  for (std::size_t i = 0; i < candidate.value.size(); ++i) {
    check(candidate.item(i), shape.fields.front());
  }
}

void check(const Candidate& candidate, const Shape& shape) {
  switch (shape.type) {
    case Type::text:
      return check_text(candidate, shape);
    case Type::choice:
      return check_choice(candidate, shape);
    case Type::integer:
      return check_integer(candidate, shape);
    case Type::any_object:
      return candidate.expect(candidate.value.is_object(), "a mapping");
    case Type::labels:
      return check_labels(candidate);
    case Type::mapping:
      return check_mapping(candidate, shape);
    case Type::list:
      return check_list(candidate, shape);
  }
}

// Of a list's items, each with `key`: no value twice.
void check_unique(const Candidate& list, const std::string& key) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < list.value.size(); ++i) {
    const auto value = list.item(i).child(key);
    if (!seen.insert(value.value.dump()).second) {
      throw value.refuse(fmt::format("is {} a second time", value.value.dump()));
    }
  }
}

// CEL: "value may only be set when valueFrom is INLINE".
void check_env(const Candidate& env) {
  for (std::size_t i = 0; i < env.value.size(); ++i) {
    const auto variable = env.item(i);
    if (variable.value.value("valueFrom", "INLINE") == "HOST" && variable.value.contains("value")) {
      throw variable.child("value").refuse("makes no sense with `valueFrom: HOST`");
    }
  }
  check_unique(env, "name");
}

struct TargetKind {
  std::string_view kind;
  std::string_view group;
};

// All that some kind of resource may name; which of them, each says itself.
constexpr TargetKind kTargetKinds[] = {
    {"Gateway", "gateway.networking.k8s.io"},     {"GatewayClass", "gateway.networking.k8s.io"},
    {"ListenerSet", "gateway.networking.k8s.io"}, {"HTTPRoute", "gateway.networking.k8s.io"},
    {"GRPCRoute", "gateway.networking.k8s.io"},   {"Service", ""},
    {"ServiceEntry", "networking.istio.io"},
};

void check_target_refs(const Candidate& list) {
  std::vector<std::string_view> kinds;
  for (const auto& known : kTargetKinds) kinds.push_back(known.kind);
  for (std::size_t i = 0; i < list.value.size(); ++i) {
    const auto kind = list.item(i).child("kind");
    const auto& word = kind.value.get_ref<const std::string&>();
    const auto* const known = std::ranges::find(kTargetKinds, word, &TargetKind::kind);
    if (known == std::end(kTargetKinds)) {
      throw kind.refuse(fmt::format("cannot be `{}`", word)).hint(base::suggest(word, kinds));
    }
    const auto group = list.value[i].value("group", std::string());
    const bool core = known->group.empty() && group == "core";
    if (group != known->group && !core) {
      throw list.item(i).refuse(
          fmt::format("is a {}, whose group is `{}`, not `{}`", word, known->group, group));
    }
  }
}

void check_further(const Candidate& candidate) {
  if (candidate.path == "targetRefs") check_target_refs(candidate);
  if (candidate.path == "vmConfig" && candidate.value.contains("env")) {
    check_env(candidate.child("env"));
  }
  if (candidate.path == "match") {
    for (std::size_t i = 0; i < candidate.value.size(); ++i) {
      const auto match = candidate.item(i);
      if (match.value.contains("ports")) check_unique(match.child("ports"), "number");
    }
  }
  if (candidate.path == "imagePullSecret") {
    if (const auto why = refuse_subdomain(candidate.value.get_ref<const std::string&>())) {
      throw candidate.refuse(*why);
    }
  }
}

}  // namespace

std::span<const Field> fields() {
  return kFields;
}

std::string_view group_of_target(std::string_view kind) {
  const auto* const known = std::ranges::find(kTargetKinds, kind, &TargetKind::kind);
  return known == std::end(kTargetKinds) ? std::string_view() : known->group;
}

void Settings::set(const std::string& key, const json& value, const Origin& origin) {
  std::vector<std::string_view> known;
  for (const auto& field : kFields) known.push_back(field.shape.key);
  const auto found = std::ranges::find(known, key);
  if (found == known.end()) {
    throw Error(origin.code, fmt::format("{}: unknown key `{}`", origin.place, key))
        .hint(base::suggest(key, known));
  }
  const Candidate candidate{value, key, origin};
  check(candidate, kFields[found - known.begin()].shape);
  check_further(candidate);
  settings_.insert_or_assign(key, Setting{std::make_shared<const json>(value), origin});
}

const json* Settings::find(std::string_view key) const {
  const auto found = settings_.find(key);
  return found == settings_.end() ? nullptr : found->second.value.get();
}

std::string Settings::text(std::string_view key, std::string_view otherwise) const {
  const auto* const value = find(key);
  return value == nullptr ? std::string(otherwise) : value->get<std::string>();
}

Error Settings::refuse(std::string_view key, std::string_view why) const {
  const auto& origin = settings_.find(key)->second.origin;
  return Error(origin.code, fmt::format("{}: `{}` {}", origin.place, key, why));
}

void Settings::check_together() const {
  const auto refs = settings_.find("targetRefs");
  const auto selector = settings_.find("selector");
  if (refs == settings_.end() || selector == settings_.end()) return;
  throw Error(refs->second.origin.code,
              fmt::format("{}: `targetRefs` cannot stand beside `selector` ({})",
                          refs->second.origin.place, selector->second.origin.place))
      .hint(
          "a selector names sidecars and gateways by their labels, target references name "
          "gateways, and services behind a waypoint: choose one");
}

}  // namespace wasmctl::kube
