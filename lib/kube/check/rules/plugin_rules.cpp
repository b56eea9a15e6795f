// Rules about a plugin by itself: its fields, its url, what it does when it fails.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/suggest.hpp"
#include "base/text.hpp"
#include "kube/check/rules/rules.hpp"
#include "kube/render/plugin_config.hpp"
#include "kube/render/settings.hpp"
#include "kube/render/wasm_plugin.hpp"
#include "yaml/json.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::kube {

namespace {

using yaml::Node;

bool is_extension(const PluginManifest& plugin) {
  return plugin.kind->form == PluginForm::extension;
}

// The mappings of a manifest that have fields of their own.
enum class Level : std::uint8_t { spec, wasm, lua };

// Source: istio/api extensions/v1alpha1/traffic_extension.proto.
constexpr Shape kLuaFields[] = {
    {.key = "inlineCode", .min = 1, .max = 65'536, .required = true},
};
constexpr Shape kLua = {.key = "lua", .type = ShapeType::mapping, .fields = kLuaFields};

std::vector<std::string_view> known_fields(const PluginManifest& plugin, Level level) {
  if (level == Level::lua) return {kLuaFields[0].key};
  const bool of_module = (level == Level::wasm) == is_extension(plugin);
  std::vector<std::string_view> known;
  for (const auto& field : fields()) {
    const bool here =
        field.part == Part::spec ? level == Level::spec : field.part == Part::wasm && of_module;
    if (here) known.push_back(field.name);
  }
  if (of_module) known.insert(known.end(), {"url", "sha256"});
  if (is_extension(plugin) && level == Level::spec) known.insert(known.end(), {"wasm", "lua"});
  if (!is_extension(plugin)) known.insert(known.end(), {"targetRef", "verificationKey"});
  for (const auto& field : plugin.kind->own_fields) known.push_back(field.key);
  if (level == Level::wasm) known.emplace_back("verificationKey");
  return known;
}

template <typename Visit>
void for_each_field(const PluginManifest& plugin, const Visit& visit) {
  for (const auto& entry : plugin.spec.entries) visit(entry, Level::spec);
  if (!is_extension(plugin)) return;
  for (const auto& [key, level] : {std::pair("wasm", Level::wasm), std::pair("lua", Level::lua)}) {
    const auto* const below = yaml::find(plugin.spec, key);
    if (below == nullptr) continue;
    for (const auto& entry : below->entries) visit(entry, level);
  }
}

void check_unknown_field(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.plugins()) {
    if (!plugin->kind->has_plugin_fields()) continue;
    const auto kind = plugin->kind->name;
    const auto in_spec = known_fields(*plugin, Level::spec);
    for (const auto& key : plugin->stray_keys) {
      const bool is_field = std::ranges::find(in_spec, key.text) != in_spec.end();
      report.add(
          site_of(*plugin, key), fmt::format("{} has no field `{}`", kind, key.text),
          is_field ? "move it under `spec:`" : "one of: apiVersion, kind, metadata, spec, status");
    }
    for_each_field(*plugin, [&](const yaml::Entry& entry, Level level) {
      const auto known = known_fields(*plugin, level);
      if (std::ranges::find(known, entry.key.text) != known.end()) return;
      report.add(site_of(*plugin, entry.key),
                 fmt::format("{} has no field `{}{}`", kind, level == Level::lua ? "lua." : "",
                             entry.key.text),
                 base::suggest(entry.key.text, known));
    });
  }
}

// What is wrong with the value of `name`, each at its place.
void add_violations(const PluginManifest& plugin, const Node& node, std::string_view name,
                    const std::vector<ShapeViolation>& violations, Report& report) {
  for (const auto& violation : violations) {
    yaml::Path path = {std::string(name)};
    path.insert(path.end(), violation.path.begin(), violation.path.end());
    report.add(site_of(plugin, node, violation),
               fmt::format("`{}` {}", yaml::to_string(path), violation.rule), violation.hint);
  }
}

// A TrafficExtension spells the default of its phase in another way.
std::optional<ShapeViolation> judge_phase(const PluginManifest& plugin,
                                          const nlohmann::json& value) {
  if (!is_extension(plugin) || value != "UNSPECIFIED_PHASE") return std::nullopt;
  return ShapeViolation{{},
                        "cannot be `UNSPECIFIED_PHASE` in a TrafficExtension",
                        "write UNSPECIFIED, or leave it out"};
}

void add_foreign_targets(const PluginManifest& plugin, const Node& node, std::string_view name,
                         Report& report) {
  const auto kinds = istio_target_kinds();
  for (const auto* const target : targets_of(plugin.spec)) {
    const auto kind = named_by(*target).first;
    if (std::ranges::find(kinds, kind) != kinds.end()) continue;
    report.add(
        site_of(plugin, node),
        fmt::format("`{}` names a {}, to which a resource of Istio's does not go", name, kind),
        base::suggest(kind, kinds));
  }
}

void check_field(const PluginManifest& plugin, const Field& field, const Node& node,
                 Report& report) {
  const auto value = to_json(node, plugin, report);
  if (!value) return;
  if (field.name == "phase") {
    if (is_extension(plugin) && *value == "UNSPECIFIED") return;
    if (const auto violation = judge_phase(plugin, *value)) {
      return add_violations(plugin, node, field.name, {*violation}, report);
    }
  }
  const auto violations = violations_of(*value, field);
  add_violations(plugin, node, field.name, violations, report);
  const bool of_istio = plugin.kind->reach == PluginReach::sidecars;
  if (field.name == "targetRefs" && violations.empty() && of_istio) {
    add_foreign_targets(plugin, node, field.name, report);
  }
}

void check_own_field(const PluginManifest& plugin, const yaml::Entry& entry, Report& report) {
  const auto& fields = plugin.kind->own_fields;
  const auto field = std::ranges::find(fields, std::string_view(entry.key.text), &Shape::key);
  if (field == fields.end()) return;
  if (const auto value = to_json(entry.value, plugin, report)) {
    add_violations(plugin, entry.value, field->key, violations_of(*value, *field), report);
  }
}

void check_parts(const PluginManifest& plugin, Report& report) {
  for (const auto* const key : {"wasm", "lua"}) {
    const auto* const part = yaml::find(plugin.spec, key);
    if (!is_extension(plugin) || part == nullptr || part->kind == yaml::Kind::mapping) continue;
    report.add(site_of(plugin, *part),
               fmt::format("`{}` must be a mapping, not {}", key, yaml::describe(*part)), "");
  }
  const auto* const lua = is_extension(plugin) ? yaml::find(plugin.spec, "lua") : nullptr;
  if (lua != nullptr && lua->kind == yaml::Kind::mapping) {
    if (const auto value = to_json(*lua, plugin, report)) {
      auto violations = violations_of(*value, kLua);
      std::erase_if(violations, [](const auto& found) { return !found.key.empty(); });
      add_violations(plugin, *lua, "lua", violations, report);
    }
  }
  if (yaml::find(plugin.spec, "wasm") != nullptr && lua != nullptr) {
    report.add(plugin.site, "has both `wasm` and `lua`", "make a TrafficExtension of each");
  }
  const auto has = [&](std::string_view key) { return yaml::find(plugin.spec, key) != nullptr; };
  if (has("selector") && (has("targetRefs") || has("targetRef"))) {
    report.add(plugin.site, "has both a selector and target references",
               "a selector names pods by their labels, targetRefs gateways and services: keep "
               "one");
  } else if (has("targetRefs") && has("targetRef")) {
    report.add(plugin.site, "has both `targetRef` and `targetRefs`", "write `targetRefs` alone");
  }
}

void check_bad_value(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.plugins()) {
    if (!plugin->kind->has_plugin_fields()) continue;
    for_each_field(*plugin, [&](const yaml::Entry& entry, Level level) {
      check_own_field(*plugin, entry, report);
      const auto field =
          std::ranges::find(fields(), std::string_view(entry.key.text), &Field::name);
      if (field == fields().end() || level == Level::lua) return;
      check_field(*plugin, *field, entry.value, report);
    });
    if (const auto* const target = yaml::find(plugin->spec, "targetRef")) {
      if (const auto value = to_json(*target, *plugin, report)) {
        add_violations(*plugin, *target, "targetRef", violations_of(*value, target_ref_shape()),
                       report);
      }
    }
    check_parts(*plugin, report);
  }
}

// ---- the url
// -------------------------------------------------------------------------------------

std::optional<Remark> judge_file(const std::string& url) {
  if (!url.starts_with("file:///")) {
    return Remark{fmt::format("`{}` is not an absolute path to Istio", url),
                  "write `file:///PATH`"};
  }
  if (url.find('%') != std::string::npos) {
    return Remark{fmt::format("Istio decodes no `%` in `{}`", url),
                  "write the path as it is in the file system"};
  }
  return std::nullopt;
}

// What follows `oci://`, as Go reads a URL: its host may have a port, which is a number.
std::optional<Remark> judge_oci(std::string_view rest) {
  const auto image = rest.substr(0, rest.find_first_of("?#"));
  if (base::without_logins(std::string(image)) != image) {
    return Remark{
        "the image is named with a user and a password: Istio cannot read its name",
        "leave them out; `wasmctl render --pull-secret-from-docker-config` makes a secret"};
  }
  const auto host = image.substr(0, image.find('/'));
  const auto colon = host.rfind(':');
  const bool in_brackets = host.find(']', colon) != std::string_view::npos;
  if (colon != std::string_view::npos && !in_brackets &&
      host.find_first_not_of("0123456789", colon + 1) != std::string_view::npos) {
    return Remark{fmt::format("`{}` after the colon is a port to Istio, and no number",
                              host.substr(colon + 1)),
                  fmt::format("name the registry: `oci://docker.io/library/{}`", image)};
  }
  return judge_image(image, "Istio", "oci://REGISTRY/REPOSITORY[:TAG][@sha256:DIGEST]");
}

std::optional<Remark> judge_http(const std::string& url) {
  const auto begin = url.find("://") + 3;
  auto host = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  host.erase(0, host.rfind('@') + 1);
  if (host.empty() || host.starts_with(':')) {
    return Remark{fmt::format("`{}` names no host", url), "write `https://HOST/PATH`"};
  }
  if (host.find_first_of(" ${}<>%\\") != std::string::npos) {
    return Remark{fmt::format("`{}` has a host that is not one", url), "write `https://HOST/PATH`"};
  }
  return std::nullopt;
}

// What Istio makes of urls that look right. Source: measured on istiod's translation.
std::optional<Remark> judge_url(const std::string& url) {
  const auto scheme_end = url.find("://");
  const auto scheme = base::lower(url.substr(0, std::min(scheme_end, url.size())));
  if (url.empty()) return Remark{"`url` is empty", "name the module: `url: oci://...`"};
  if (url.starts_with('/')) {
    return Remark{fmt::format("`{}` is an image of Docker Hub to Istio, not a file", url),
                  fmt::format("write `file://{}`", url)};
  }
  if (url.starts_with("file:")) return judge_file(url);
  if (scheme_end == std::string::npos) {
    if (url.find(':') < std::min(url.find('/'), url.find('@'))) {
      return Remark{
          fmt::format("Istio takes what is before the first colon in `{}` for a scheme", url),
          fmt::format("write `oci://{}`", url)};
    }
    return judge_oci(url);
  }
  if (scheme == "oci") return judge_oci(std::string_view(url).substr(scheme_end + 3));
  if (scheme == "http" || scheme == "https") return judge_http(url);
  return Remark{fmt::format("Istio knows no scheme `{}`", scheme),
                "one of: oci, http, https, file"};
}

void check_url(const PluginManifest& plugin, Report& report) {
  const auto* const node = plugin.module_field("url");
  if (node == nullptr) {
    const bool other = is_extension(plugin) && yaml::find(plugin.spec, "lua") != nullptr;
    if (!other) report.add(plugin.site, "has no `url`", "name the module: `url: oci://...`");
    return;
  }
  if (node->kind != yaml::Kind::scalar || yaml::type_of(*node) != yaml::ScalarType::string) {
    report.add(site_of(plugin, *node), fmt::format("`url` is {}", yaml::describe(*node)),
               node->kind == yaml::Kind::scalar ? "write a string, in quotes" : "write a string");
    return;
  }
  if (const auto remark = judge_url(plugin.url)) {
    report.add(site_of(plugin, *node), remark->message, remark->hint);
  }
}

void check_url_form(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.plugins()) {
    if (plugin->kind->form == PluginForm::policy_item) continue;  // by its table
    if (plugin->kind->has_plugin_fields()) {
      check_url(*plugin, report);
    } else if (plugin->url.starts_with("oci://")) {  // the agent fetches it
      const auto remark = judge_oci(std::string_view(plugin->url).substr(6));
      if (remark) {
        report.add(site_of(*plugin, *plugin->module_field("url")), remark->message, remark->hint);
      }
    }
  }
}

void check_sha256(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.plugins()) {
    const auto* const node = plugin->module_field("sha256");
    if (node == nullptr) continue;
    const auto site = site_of(*plugin, *node);
    if (node->kind != yaml::Kind::scalar || yaml::type_of(*node) == yaml::ScalarType::null) {
      report.add(site, fmt::format("`sha256` must be a string, not {}", yaml::describe(*node)),
                 "64 lower-case hex digits, in quotes");
      continue;
    }
    if (node->text.empty()) continue;
    const bool hex = node->text.size() == 64 &&
                     node->text.find_first_not_of("0123456789abcdef") == std::string::npos;
    const auto pinned = plugin->url.find("@sha256:");
    if (hex && yaml::type_of(*node) != yaml::ScalarType::string) {
      report.add(site, "`sha256` is a number to YAML", "write it in quotes");
    } else if (!hex) {
      report.add(site, fmt::format("`{}` is not 64 lower-case hex digits", node->text),
                 "without `sha256:`; of an image it is the manifest's digest, of an http url the "
                 "module's");
    } else if (pinned != std::string::npos && plugin->url.substr(pinned + 8) != node->text) {
      report.add(site, "`sha256` and the url's digest differ: no image has both",
                 "both are the digest of the image's manifest: `wasmctl render IMAGE` writes them");
    }
  }
}

void check_sha256_unused(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.plugins()) {
    const auto* const node = plugin->module_field("sha256");
    if (node == nullptr || node->text.empty() || !plugin->url.starts_with("file:")) continue;
    report.add(site_of(*plugin, *node), "`sha256` of a file:// url is never compared",
               "leave it out: a ConfigMap's name with a hash says which module it is");
  }
}

// What is for images, beside another url.
void check_pull_unused(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.plugins()) {
    const bool file = plugin->url.starts_with("file:");
    const bool http = plugin->url.starts_with("http:") || plugin->url.starts_with("https:");
    const auto* const secret = plugin->module_field("imagePullSecret");
    const auto* const policy = plugin->module_field("imagePullPolicy");
    if (secret != nullptr && (file || http)) {
      report.add(site_of(*plugin, *secret),
                 fmt::format("`imagePullSecret` does nothing beside a{} url: it is for images",
                             file ? " file://" : "n http"),
                 file ? "leave it out; a volume's image is pulled with the `imagePullSecrets` of "
                        "the pods"
                      : "leave it out: what is fetched by http has no credentials");
    }
    const bool says = policy != nullptr && policy->text != "UNSPECIFIED_POLICY";
    if (says && file) {
      report.add(site_of(*plugin, *policy), "`imagePullPolicy` does nothing beside a file:// url",
                 "leave it out: nothing is pulled");
    }
  }
}

// What has a checksum is looked up by it. Source: istio pkg/wasm/cache.go, of which Envoy Gateway
// has a copy.
void check_pull_always(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.plugins()) {
    const auto* const policy = plugin->module_field("imagePullPolicy");
    const auto* const sha256 = plugin->module_field("sha256");
    const bool has_sha256 = sha256 != nullptr && !sha256->text.empty();
    const bool has_digest =
        !image_of(plugin->url).empty() && plugin->url.find("@sha256:") != std::string::npos;
    if (policy == nullptr || policy->text != "Always" || (!has_sha256 && !has_digest)) continue;
    report.add(
        site_of(*plugin, *policy),
        fmt::format("`Always` does nothing beside {}: the module is never pulled again",
                    has_digest ? "a digest" : "`sha256`"),
        "new code has another digest: `wasmctl render IMAGE` writes it; leave the policy out");
  }
}

// ---- the rest
// ------------------------------------------------------------------------------------

// Beyond 64 bits YAML takes it for a float.
bool is_whole_number(const Node& node) {
  const auto type = yaml::type_of(node);
  return type == yaml::ScalarType::integer ||
         (type == yaml::ScalarType::floating &&
          node.text.find_first_not_of("+-0123456789") == std::string::npos);
}

// A protobuf Struct keeps doubles only.
void find_large_numbers(const Node& node, const Object& plugin, Report& report) {
  for (const auto& item : node.items) find_large_numbers(item, plugin, report);
  for (const auto& entry : node.entries) find_large_numbers(entry.value, plugin, report);
  if (node.kind != yaml::Kind::scalar || !is_whole_number(node)) return;
  const auto value = yaml::value_of(node);
  const auto* const number = std::get_if<std::int64_t>(&value);
  if (number != nullptr && is_exact(*number)) return;
  report.add(site_of(plugin, node),
             fmt::format("{} reaches the plugin as another number", node.text),
             "whole numbers are exact up to 2^53: write it as a string");
}

void check_config_number(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.istio_plugins()) {
    if (const auto* const config = plugin->module_field("pluginConfig")) {
      find_large_numbers(*config, *plugin, report);
    }
  }
}

std::string text_of(const Node* node, std::string_view otherwise) {
  return std::string(node == nullptr || node->text.empty() ? otherwise : node->text);
}

void check_phase_type(const Survey& survey, Report& report) {
  for (const auto* const candidate : survey.istio_plugins()) {
    const auto& plugin = *candidate;
    const auto* const module = facts_of(survey, plugin);
    const auto* const type = plugin.module_field("type");
    const auto* const phase = yaml::find(plugin.spec, "phase");
    const bool network = text_of(type, "HTTP") == "NETWORK";
    const auto site = type == nullptr ? plugin.site : site_of(plugin, *type);
    if (network && phase != nullptr && phase->text == "AUTHN") {
      report.add(site_of(plugin, *phase),
                 "phase AUTHN means nothing to a NETWORK plugin: Istio authenticates no TCP",
                 "write AUTHZ, which is before Istio's authorization of connections");
    }
    if (module != nullptr && network && !module->network) {
      report.add(site,
                 "the module has no callback for connections, so a NETWORK plugin does nothing",
                 "write `type: HTTP`");
    } else if (module != nullptr && !network && !module->http) {
      report.add(site, "the module has no callback for HTTP, so an HTTP plugin does nothing",
                 "write `type: NETWORK`");
    }
  }
}

// Of a module that is at hand its imports tell, else the phase of those that only look. Who says
// what is to be done has chosen.
void check_observer(const Survey& survey, Report& report) {
  for (const auto* const candidate : survey.istio_plugins()) {
    const auto& plugin = *candidate;
    if (is_extension(plugin) && yaml::find(plugin.spec, "wasm") == nullptr) continue;  // Lua
    const auto* const module = facts_of(survey, plugin);
    const bool stats = text_of(yaml::find(plugin.spec, "phase"), "") == "STATS";
    if (module != nullptr ? !module->observes : !stats) continue;
    if (plugin.module_field("failStrategy") != nullptr) continue;
    report.add(
        plugin.site,
        fmt::format("plugin `{}` {}, but all traffic is denied when it fails (FAIL_CLOSE is "
                    "the default)",
                    plugin.name, module != nullptr ? "changes no request" : "is for statistics"),
        "write `failStrategy: FAIL_OPEN`");
  }
}

// A kind that the oldest of the proxies that the plugin is meant for does not have: there nothing
// is loaded.
void check_kind_since(const Survey& survey, Report& report) {
  for (const auto* const candidate : survey.istio_plugins()) {
    const auto& plugin = *candidate;
    const auto* const module = facts_of(survey, plugin);
    const auto since = plugin.kind->since;
    if (module == nullptr || since == wasm::Version()) continue;
    for (const auto& range : module->hosts) {
      if (range.product != "istio" || (range.first && *range.first >= since)) continue;
      report.add(plugin.site,
                 fmt::format("{} has {} since {}.{}, and the plugin is meant for {} {}",
                             plugin.kind->consumer, plugin.kind->name, since.first, since.second,
                             range.product, range.text),
                 "a WasmPlugin is known to all of them");
    }
  }
}

// An unchanged module keeps its VM, which read its environment when it was made: Envoy's key of a
// VM is its ID, its configuration and its code.
void check_env_alone(const Survey& survey, Report& report) {
  if (survey.before() == nullptr) return;
  const auto env_of = [](const PluginManifest& plugin) {
    const auto* const vm = plugin.module_field("vmConfig");
    return vm == nullptr ? nlohmann::json() : yaml::to_json(*vm, "");
  };
  for (const auto* const candidate : survey.istio_plugins()) {
    const auto& plugin = *candidate;
    for (const auto& old : survey.before()->plugins) {
      if (old.kind != plugin.kind || old.ns != plugin.ns || old.name != plugin.name) continue;
      const bool same_module =
          old.url == plugin.url &&
          text_of(old.module_field("sha256"), "") == text_of(plugin.module_field("sha256"), "");
      if (!same_module || env_of(old) == env_of(plugin)) continue;
      const auto* const vm = plugin.module_field("vmConfig");
      report.add(
          vm == nullptr ? plugin.site : site_of(plugin, *vm),
          fmt::format("vmConfig.env of plugin `{}` changes, its module does not: the VM goes "
                      "on with what it read",
                      plugin.name),
          "restart the pods: `kubectl rollout restart`; or put into pluginConfig what "
          "changes");
    }
  }
}

constexpr ManifestRule kPluginRules[] = {
    {"unknown-field", Severity::error, "every field is one of the kind's", RuleScope::alone,
     check_unknown_field},
    {"bad-value", Severity::error, "every value has the form and range that Istio accepts",
     RuleScope::alone, check_bad_value},
    {"url-form", Severity::error, "the url means to Istio what it seems to say", RuleScope::alone,
     check_url_form},
    {"sha256", Severity::error, "sha256 is 64 hex digits, and agrees with the url's digest",
     RuleScope::alone, check_sha256},
    {"sha256-unused", Severity::warning, "sha256 stands beside a url that is downloaded",
     RuleScope::alone, check_sha256_unused},
    {"pull-unused", Severity::warning, "what says how to pull stands beside an image",
     RuleScope::alone, check_pull_unused},
    {"pull-always", Severity::warning, "what is pinned by a digest is not pulled again",
     RuleScope::alone, check_pull_always},
    {"config-number", Severity::warning, "numbers of the config fit a double", RuleScope::alone,
     check_config_number},
    {"phase-type", Severity::warning, "phase, type and the module's callbacks go together",
     RuleScope::alone, check_phase_type},
    {"observer-fails-closed", Severity::warning,
     "a plugin that only observes does not deny traffic when it fails", RuleScope::alone,
     check_observer, false},
    {"kind-since", Severity::warning,
     "the resource is of a kind that every proxy of the plugin's `hosts` has", RuleScope::alone,
     check_kind_since},
    {"env-alone", Severity::warning, "a new vmConfig.env comes with a new module (needs --before)",
     RuleScope::alone, check_env_alone},
};

}  // namespace

std::span<const ManifestRule> plugin_rules() {
  return kPluginRules;
}

}  // namespace wasmctl::kube
