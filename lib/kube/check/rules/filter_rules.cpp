// Rules about EnvoyFilters that have to do with Wasm.
// Sources: istio/api networking/v1alpha3/envoy_filter.proto; envoy
// api/envoy/extensions/wasm/v3/wasm.proto and api/envoy/config/core/v3/base.proto.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "kube/check/rules/rules.hpp"
#include "kube/render/settings.hpp"

namespace wasmctl::kube {

namespace {

using yaml::Node;

// ---- Istio's part

constexpr std::string_view kApplyTo[] = {
    "INVALID",     "LISTENER",  "FILTER_CHAIN",        "NETWORK_FILTER",
    "HTTP_FILTER", "CLUSTER",   "ROUTE_CONFIGURATION", "VIRTUAL_HOST",
    "HTTP_ROUTE",  "BOOTSTRAP", "EXTENSION_CONFIG",    "LISTENER_FILTER"};
constexpr std::string_view kContexts[] = {"ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY",
                                          "WAYPOINT"};
constexpr std::string_view kOperations[] = {"INVALID",      "MERGE",         "ADD",
                                            "REMOVE",       "INSERT_BEFORE", "INSERT_AFTER",
                                            "INSERT_FIRST", "REPLACE"};
constexpr std::string_view kFilterClasses[] = {"UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"};

constexpr Shape kFilterSelectorFields[] = {{.key = "labels", .type = ShapeType::labels}};
constexpr Shape kFilterProxyFields[] = {
    {.key = "proxyVersion"},
    {.key = "metadata", .type = ShapeType::object},
};
constexpr Shape kFilterMatchFields[] = {
    {.key = "context", .type = ShapeType::choice, .choices = kContexts},
    {.key = "proxy", .type = ShapeType::mapping, .fields = kFilterProxyFields},
    {.key = "listener", .type = ShapeType::object},
    {.key = "routeConfiguration", .type = ShapeType::object},
    {.key = "cluster", .type = ShapeType::object},
    {.key = "waypoint", .type = ShapeType::object},
};
constexpr Shape kFilterPatchFields[] = {
    {.key = "operation", .type = ShapeType::choice, .choices = kOperations},
    {.key = "value", .type = ShapeType::object},
    {.key = "filterClass", .type = ShapeType::choice, .choices = kFilterClasses},
};
constexpr Shape kConfigPatchFields[] = {
    {.key = "applyTo", .type = ShapeType::choice, .choices = kApplyTo},
    {.key = "match", .type = ShapeType::mapping, .fields = kFilterMatchFields},
    {.key = "patch", .type = ShapeType::mapping, .fields = kFilterPatchFields},
};
constexpr Shape kConfigPatch[] = {
    {.key = "", .type = ShapeType::mapping, .fields = kConfigPatchFields}};
constexpr Shape kFilterTarget[] = {{.key = "", .type = ShapeType::object}};
constexpr Shape kFilterSpecFields[] = {
    {.key = "workloadSelector", .type = ShapeType::mapping, .fields = kFilterSelectorFields},
    {.key = "targetRefs", .type = ShapeType::list, .max = 16, .fields = kFilterTarget},
    {.key = "configPatches", .type = ShapeType::list, .fields = kConfigPatch},
    {.key = "priority",
     .type = ShapeType::integer,
     .min = std::numeric_limits<std::int32_t>::min()},
};
constexpr Shape kFilterSpec = {
    .key = "spec", .type = ShapeType::mapping, .fields = kFilterSpecFields};

// ---- Envoy's part, in whose names `root_id` and `rootId` are one

constexpr std::string_view kRuntimes[] = {
    "envoy.wasm.runtime.v8",   "envoy.wasm.runtime.null", "envoy.wasm.runtime.wasmtime",
    "envoy.wasm.runtime.wamr", "envoy.wasm.runtime.wavm", "envoy.wasm.runtime.wasmedge"};

constexpr Shape kFilterText[] = {{.key = ""}};
constexpr Shape kLocalFields[] = {
    {.key = "filename", .min = 1},
    {.key = "inline_bytes"},
    {.key = "inline_string"},
    {.key = "environment_variable", .min = 1},
    {.key = "watched_directory", .type = ShapeType::object},
};
constexpr Shape kHttpUriFields[] = {
    {.key = "uri", .min = 1, .required = true},
    {.key = "cluster", .min = 1},
    {.key = "timeout"},
};
constexpr Shape kRemoteFields[] = {
    {.key = "http_uri", .type = ShapeType::mapping, .fields = kHttpUriFields, .required = true},
    {.key = "sha256"},
    {.key = "retry_policy", .type = ShapeType::object},
};
constexpr Shape kFilterCodeFields[] = {
    {.key = "local", .type = ShapeType::mapping, .fields = kLocalFields},
    {.key = "remote", .type = ShapeType::mapping, .fields = kRemoteFields},
};
constexpr Shape kVariablesFields[] = {
    {.key = "host_env_keys", .type = ShapeType::list, .fields = kFilterText},
    {.key = "key_values", .type = ShapeType::object},
};
constexpr Shape kVmFields[] = {
    {.key = "vm_id"},
    {.key = "runtime", .type = ShapeType::choice, .choices = kRuntimes},
    {.key = "code", .type = ShapeType::mapping, .fields = kFilterCodeFields},
    {.key = "configuration", .type = ShapeType::object},
    {.key = "allow_precompiled", .type = ShapeType::boolean},
    {.key = "nack_on_code_cache_miss", .type = ShapeType::boolean},
    {.key = "environment_variables", .type = ShapeType::mapping, .fields = kVariablesFields},
    {.key = "capability_restriction_config", .type = ShapeType::object},
};
constexpr Shape kFilterConfigFields[] = {
    {.key = "name"},
    {.key = "root_id"},
    {.key = "vm_config", .type = ShapeType::mapping, .fields = kVmFields, .required = true},
    {.key = "configuration", .type = ShapeType::object},
    {.key = "fail_open", .type = ShapeType::boolean},
    {.key = "failure_policy", .type = ShapeType::anything},
    {.key = "reload_config", .type = ShapeType::object},
    {.key = "capability_restriction_config", .type = ShapeType::object},
    {.key = "allow_on_headers_stop_iteration", .type = ShapeType::boolean},
};
constexpr Shape kMessageFields[] = {
    {.key = "@type"},
    {.key = "config", .type = ShapeType::mapping, .fields = kFilterConfigFields, .required = true},
    {.key = "singleton", .type = ShapeType::boolean},
};
constexpr Shape kMessage = {.key = "", .type = ShapeType::mapping, .fields = kMessageFields};

std::string snake_case(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper) snake += '_';
    snake += static_cast<char>(upper ? c | 0x20 : c);
  }
  return snake;
}

// The fields of messages in the names of the tables above; what is the plugin's own is not renamed.
void rename_fields(Node& message) {
  for (auto& entry : message.entries) {
    entry.key.text = snake_case(entry.key.text);
    const bool own = entry.key.text == "configuration" || entry.key.text == "key_values";
    if (!own) rename_fields(entry.value);
  }
}

void add_violations(const Object& object, const Node& root, const Shape& shape, Report& report) {
  const auto value = to_json(root, object, report);
  if (!value) return;
  for (const auto& violation : violations_of(*value, shape)) {
    const auto path = yaml::to_string(violation.path);
    report.add(site_of(object, root, violation),
               path.empty()
                   ? fmt::format("the {} {}", &shape == &kFilterSpec ? "EnvoyFilter" : "Wasm",
                                 violation.rule)
                   : fmt::format("`{}` {}", path, violation.rule),
               violation.hint);
  }
}

// The configuration of a plugin is a message of some type, of which most are a text.
void check_configuration(const PluginManifest& filter, const Node& message, Report& report) {
  const auto* const config = yaml::find(message, "config");
  const auto* const found = config == nullptr ? nullptr : yaml::find(*config, "configuration");
  if (found == nullptr || found->kind != yaml::Kind::mapping) return;
  const auto* const type = yaml::find(*found, "@type");
  const auto* const value = yaml::find(*found, "value");
  constexpr auto kForm =
      "`configuration: {\"@type\": type.googleapis.com/google.protobuf.StringValue, value: TEXT}`";
  if (type == nullptr) {
    report.add(site_of(filter, *found), "`config.configuration` does not say its `@type`", kForm);
  } else if (type->text.ends_with("protobuf.StringValue") && value != nullptr &&
             value->kind != yaml::Kind::scalar) {
    report.add(site_of(filter, *value),
               fmt::format("`config.configuration.value` must be a string, not {}",
                           yaml::describe(*value)),
               "write the JSON as a text, for example in a block: `value: |`");
  }
}

void check_sources(const PluginManifest& filter, const Node& message, Report& report) {
  const auto* node = &message;
  for (const auto* const key : {"config", "vm_config", "code"}) {
    node = node == nullptr ? nullptr : yaml::find(*node, key);
  }
  if (node == nullptr) return;
  const bool local = yaml::find(*node, "local") != nullptr;
  const bool remote = yaml::find(*node, "remote") != nullptr;
  if (local && remote) {
    report.add(site_of(filter, *node), "`code` has both `local` and `remote`", "keep one");
  }
}

void check_filter_value(const Survey& survey, Report& report) {
  for (const auto& filter : survey.inventory().filters) {
    add_violations(filter, filter.spec, kFilterSpec, report);
  }
  for (const auto* const filter : survey.plugins()) {
    if (filter->kind->form != PluginForm::filter_message || filter->is_merged) continue;
    auto message = filter->spec;
    rename_fields(message);
    add_violations(*filter, message, kMessage, report);
    check_configuration(*filter, message, report);
    check_sources(*filter, message, report);
  }
}

// ---- what filters ask for, and what is there

struct Names {
  std::map<std::string, Site> asked;  // by a filter's config_discovery
  std::map<std::string, Site> given;  // by an EXTENSION_CONFIG
};

void find_asked(const FilterManifest& filter, const Node& node, Names& names) {
  auto renamed = node;
  rename_fields(renamed);
  const auto* const discovery = yaml::find(renamed, "config_discovery");
  const auto* const name = yaml::find(renamed, "name");
  const auto* const types = discovery == nullptr ? nullptr : yaml::find(*discovery, "type_urls");
  const bool wasm = types != nullptr && std::ranges::any_of(types->items, [](const Node& type) {
                      return type.text.find(".wasm.v3.") != std::string::npos;
                    });
  if (wasm && name != nullptr) names.asked.emplace(name->text, site_of(filter, *name));
}

Names find_names(const Survey& survey) {
  Names names;
  for (const auto& filter : survey.inventory().filters) {
    const auto* const patches = yaml::find(filter.spec, "configPatches");
    for (const auto& patch : patches->items) {
      const auto* const change = yaml::find(patch, "patch");
      const auto* const value = change == nullptr ? nullptr : yaml::find(*change, "value");
      const auto* const where = yaml::find(patch, "applyTo");
      const auto* const name = value == nullptr ? nullptr : yaml::find(*value, "name");
      if (name == nullptr || where == nullptr) continue;
      if (where->text == "EXTENSION_CONFIG") {
        names.given.emplace(name->text, site_of(filter, *name));
      } else {
        find_asked(filter, *value, names);
      }
    }
  }
  return names;
}

void check_filter_discovery(const Survey& survey, Report& report) {
  const auto names = find_names(survey);
  std::vector<std::string_view> given;
  given.reserve(names.given.size());
  for (const auto& [name, site] : names.given) given.push_back(name);
  for (const auto& [name, site] : names.asked) {
    if (names.given.contains(name)) continue;
    report.add(site,
               fmt::format("a filter asks for the configuration `{}`, which no EXTENSION_CONFIG of "
                           "these files has",
                           name),
               given.empty() ? "without it the listener waits, or refuses its traffic"
                             : fmt::format("they have: {}", fmt::join(given, ", ")));
  }
}

constexpr ManifestRule kFilterRules[] = {
    {"filter-value", Severity::error,
     "what an EnvoyFilter says of Wasm has the fields and forms of Istio and Envoy",
     RuleScope::alone, check_filter_value},
    {"filter-discovery", Severity::warning,
     "the configuration that a Wasm filter asks for is among the files", RuleScope::together,
     check_filter_discovery},
};

}  // namespace

std::span<const ManifestRule> filter_rules() {
  return kFilterRules;
}

}  // namespace wasmctl::kube
