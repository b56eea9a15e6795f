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

constexpr Shape kSelectorFields[] = {{.key = "matchLabels", .type = ShapeType::labels}};

constexpr Shape kTargetRefFields[] = {
    {.key = "group", .max = 253},
    {.key = "kind", .min = 1, .max = 63, .required = true},
    {.key = "name", .min = 1, .max = 253, .required = true},
};
constexpr Shape kTargetRef[] = {
    {.key = "", .type = ShapeType::mapping, .fields = kTargetRefFields},
};

constexpr Shape kPortFields[] = {
    {.key = "number", .type = ShapeType::integer, .min = 1, .max = 65535, .required = true},
};
constexpr Shape kPort[] = {{.key = "", .type = ShapeType::mapping, .fields = kPortFields}};
constexpr Shape kMatchFields[] = {
    {.key = "mode", .type = ShapeType::choice, .choices = kModes},
    {.key = "ports", .type = ShapeType::list, .fields = kPort},
};
constexpr Shape kMatch[] = {{.key = "", .type = ShapeType::mapping, .fields = kMatchFields}};

constexpr Shape kEnvFields[] = {
    {.key = "name", .min = 1, .max = 256, .required = true},
    {.key = "valueFrom", .type = ShapeType::choice, .choices = kValueSources},
    {.key = "value", .max = 2048},
};
constexpr Shape kEnv[] = {{.key = "", .type = ShapeType::mapping, .fields = kEnvFields}};
constexpr Shape kVmConfigFields[] = {
    {.key = "env", .type = ShapeType::list, .max = 256, .fields = kEnv},
};

constexpr Field kFields[] = {
    {{.key = "selector", .type = ShapeType::mapping, .fields = kSelectorFields},
     "selector",
     Part::spec},
    {{.key = "targetRefs", .type = ShapeType::list, .max = 16, .fields = kTargetRef},
     "targetRefs",
     Part::spec},
    {{.key = "phase", .type = ShapeType::choice, .choices = kPhases}, "phase", Part::spec},
    {{.key = "priority",
      .type = ShapeType::integer,
      .min = std::numeric_limits<std::int32_t>::min(),
      .nullable = true},
     "priority",
     Part::spec},
    {{.key = "match", .type = ShapeType::list, .fields = kMatch}, "match", Part::spec},
    {{.key = "type", .type = ShapeType::choice, .choices = kPluginTypes}, "type", Part::wasm},
    {{.key = "imagePullPolicy", .type = ShapeType::choice, .choices = kPullPolicies},
     "imagePullPolicy",
     Part::wasm},
    {{.key = "imagePullSecret", .min = 1, .max = 253, .judge = refuse_subdomain},
     "imagePullSecret",
     Part::wasm},
    {{.key = "failStrategy", .type = ShapeType::choice, .choices = kFailStrategies},
     "failStrategy",
     Part::wasm},
    {{.key = "pluginName", .min = 1, .max = 256}, "pluginName", Part::wasm},
    {{.key = "config", .type = ShapeType::object}, "pluginConfig", Part::wasm},
    {{.key = "vmConfig", .type = ShapeType::mapping, .fields = kVmConfigFields},
     "vmConfig",
     Part::wasm},
    {{.key = "configSchema", .min = 1, .max = 4096}, "", Part::local},
};

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

// What CEL rules say of values whose form is right.
class FurtherCheck {
 public:
  std::vector<ShapeViolation> run(std::string_view key, const json& value) {
    if (key == "targetRefs") check_target_refs(value);
    if (key == "vmConfig" && value.contains("env")) check_env(value.at("env"));
    if (key == "match") check_match(value);
    return std::move(found_);
  }

 private:
  void check_target_refs(const json& list) {
    std::vector<std::string_view> kinds;
    for (const auto& known : kTargetKinds) kinds.push_back(known.kind);
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto& word = list[i].at("kind").get_ref<const std::string&>();
      const auto* const known = std::ranges::find(kTargetKinds, word, &TargetKind::kind);
      if (known == std::end(kTargetKinds)) {
        add({i, "kind"}, fmt::format("cannot be `{}`", word), base::suggest(word, kinds));
        continue;
      }
      const auto group = list[i].value("group", std::string());
      const bool core = known->group.empty() && group == "core";
      if (group != known->group && !core) {
        add({i}, fmt::format("is a {}, whose group is `{}`, not `{}`", word, known->group, group));
      }
    }
  }

  // CEL: "value may only be set when valueFrom is INLINE"; and what istiod tells the agent by
  // (istio pilot/pkg/model/extensions.go, WasmSecretEnv and its like).
  void check_env(const json& env) {
    constexpr std::string_view kAgents = "ISTIO_META_WASM_";
    for (std::size_t i = 0; i < env.size(); ++i) {
      const auto& name = env[i].at("name").get_ref<const std::string&>();
      if (name.starts_with(kAgents)) {
        add({"env", i, "name"},
            fmt::format("is `{}`, which Istio's agent takes for its own", name));
      }
      if (env[i].value("valueFrom", "INLINE") == "HOST" && env[i].contains("value")) {
        add({"env", i, "value"}, "makes no sense with `valueFrom: HOST`");
      }
    }
    check_unique(env, {"env"}, "name");
  }

  void check_match(const json& match) {
    for (std::size_t i = 0; i < match.size(); ++i) {
      if (match[i].contains("ports")) check_unique(match[i].at("ports"), {i, "ports"}, "number");
    }
  }

  // Of a list's items, each with `key`: no value twice (80.0 is 80).
  void check_unique(const json& list, const yaml::Path& path, const std::string& key) {
    std::set<json> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto& value = list[i].at(key);
      if (seen.insert(value).second) continue;
      auto place = path;
      place.insert(place.end(), {i, key});
      add(std::move(place), fmt::format("is {} a second time", value.dump()));
    }
  }

  void add(yaml::Path path, std::string rule, std::string hint = "") {
    found_.push_back({std::move(path), std::move(rule), std::move(hint), {}});
  }

  std::vector<ShapeViolation> found_;
};

}  // namespace

std::span<const Field> fields() {
  return kFields;
}

std::string_view group_of_target(std::string_view kind) {
  const auto* const known = std::ranges::find(kTargetKinds, kind, &TargetKind::kind);
  return known == std::end(kTargetKinds) ? std::string_view() : known->group;
}

const Shape& target_ref_shape() {
  return kTargetRef[0];
}

std::vector<ShapeViolation> violations_of(const json& value, const Field& field) {
  auto found = violations_of(value, field.shape);
  if (!found.empty() || value.is_null()) return found;
  return FurtherCheck().run(field.shape.key, value);
}

void Settings::set(const std::string& key, const json& value, const Origin& origin) {
  std::vector<std::string_view> known;
  for (const auto& field : kFields) known.push_back(field.shape.key);
  const auto found = std::ranges::find(known, key);
  if (found == known.end()) {
    throw Error(origin.code, fmt::format("{}: unknown key `{}`", origin.place, key))
        .hint(base::suggest(key, known));
  }
  auto field = kFields[found - known.begin()];
  field.shape.nullable = false;  // nothing is set by leaving the key out
  for (const auto& [path, rule, hint, unknown] : violations_of(value, field)) {
    yaml::Path place = {key};
    place.insert(place.end(), path.begin(), path.end());
    Error error(origin.code,
                fmt::format("{}: `{}` {}", origin.place, yaml::to_string(place), rule));
    if (!hint.empty()) error.hint(hint);
    throw error;
  }
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
