// Rules about a plugin by itself: its fields, its url, what it does when it fails.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
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
  return plugin.kind == "TrafficExtension";
}

// The fields of one mapping of the manifest.
std::vector<std::string_view> known_fields(const PluginManifest& plugin, bool in_wasm) {
  std::vector<std::string_view> known;
  for (const auto& field : fields()) {
    const bool here = field.part == Part::spec
                          ? !in_wasm
                          : field.part == Part::wasm && in_wasm == is_extension(plugin);
    if (here) known.push_back(field.name);
  }
  if (in_wasm == is_extension(plugin)) known.insert(known.end(), {"url", "sha256"});
  if (!in_wasm && is_extension(plugin)) known.insert(known.end(), {"wasm", "lua"});
  if (!is_extension(plugin)) known.insert(known.end(), {"targetRef", "verificationKey"});
  return known;
}

template <typename Visit>
void for_each_field(const PluginManifest& plugin, const Visit& visit) {
  for (const auto& entry : plugin.spec.entries) visit(entry, false);
  const auto* const wasm = is_extension(plugin) ? yaml::find(plugin.spec, "wasm") : nullptr;
  if (wasm == nullptr) return;
  for (const auto& entry : wasm->entries) visit(entry, true);
}

void check_unknown_field(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
    const auto in_spec = known_fields(plugin, false);
    for (const auto& key : plugin.stray_keys) {
      const bool is_field = std::ranges::find(in_spec, key.text) != in_spec.end();
      report.add(
          site_of(plugin, key), fmt::format("{} has no field `{}`", plugin.kind, key.text),
          is_field ? "move it under `spec:`" : "one of: apiVersion, kind, metadata, spec, status");
    }
    for_each_field(plugin, [&](const yaml::Entry& entry, bool in_wasm) {
      const auto known = known_fields(plugin, in_wasm);
      if (std::ranges::find(known, entry.key.text) != known.end()) return;
      report.add(site_of(plugin, entry.key),
                 fmt::format("{} has no field `{}`", plugin.kind, entry.key.text),
                 base::suggest(entry.key.text, known));
    });
  }
}

void check_bad_value(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
    for_each_field(plugin, [&](const yaml::Entry& entry, bool) {
      const auto field =
          std::ranges::find(fields(), std::string_view(entry.key.text), &Field::name);
      if (field == fields().end()) return;
      if (is_extension(plugin) && entry.key.text == "phase") {
        if (entry.value.text == "UNSPECIFIED") return;
        if (entry.value.text == "UNSPECIFIED_PHASE") {
          report.add(site_of(plugin, entry.value),
                     "`phase` cannot be `UNSPECIFIED_PHASE` in a TrafficExtension",
                     "write UNSPECIFIED, or leave it out");
          return;
        }
      }
      try {
        Settings settings;
        settings.set(std::string(field->shape.key), yaml::to_json(entry.value, ""), {"spec"});
        check_istio(settings);
      } catch (const Error& error) {
        auto message = error.message();
        if (entry.key.text == "pluginConfig") message = "`pluginConfig` must be a mapping";
        report.add(site_of(plugin, entry.value), std::move(message),
                   error.hints().empty() ? "" : error.hints().front());
      }
    });
    if (yaml::find(plugin.spec, "wasm") != nullptr && yaml::find(plugin.spec, "lua") != nullptr) {
      report.add(plugin.site, "has both `wasm` and `lua`", "make a TrafficExtension of each");
    }
    if (plugin.has_selector && plugin.has_targets) {
      report.add(plugin.site, "has both a selector and target references",
                 "a selector names pods by their labels, targetRefs gateways and services: keep "
                 "one");
    }
  }
}

// ---- the url
// -------------------------------------------------------------------------------------

struct Remark {
  std::string message;
  std::string hint;
};

bool has_upper(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// HOST/REPOSITORY[:TAG][@DIGEST], of which a repository has no capitals.
std::optional<Remark> judge_image(const std::string& image) {
  const auto slash = image.find('/');
  const auto begin = slash == std::string::npos ? 0 : slash + 1;
  const auto repository = image.substr(begin, image.find_first_of(":@", begin) - begin);
  if (repository.empty()) {
    return Remark{fmt::format("`{}` names no repository", image),
                  "write `oci://REGISTRY/REPOSITORY:TAG`"};
  }
  if (image.find_first_of(" \t\n") != std::string::npos) {
    return Remark{fmt::format("`{}` has a blank", image), "write `oci://REGISTRY/REPOSITORY:TAG`"};
  }
  if (has_upper(repository)) {
    return Remark{
        fmt::format("repository `{}` has capitals, and Istio cannot parse it", repository),
        "repositories are written in lower case"};
  }
  return std::nullopt;
}

std::optional<Remark> judge_file(const std::string& url) {
  if (!url.starts_with("file:///")) {
    return Remark{fmt::format("`{}` is no absolute path to Istio", url), "write `file:///PATH`"};
  }
  if (url.find('%') != std::string::npos) {
    return Remark{fmt::format("Istio decodes no `%` in `{}`", url),
                  "write the path as it is in the file system"};
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
    return judge_image(url);
  }
  if (scheme == "oci") return judge_image(url.substr(scheme_end + 3));
  if (scheme == "http" || scheme == "https") return std::nullopt;
  return Remark{fmt::format("Istio knows no scheme `{}`", scheme),
                "one of: oci, http, https, file"};
}

void check_url_form(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
    const auto* const node = plugin.module_field("url");
    if (node == nullptr) {
      const bool other = is_extension(plugin) && yaml::find(plugin.spec, "lua") != nullptr;
      if (!other) {
        report.add(plugin.site, "has no `url`", "name the module: `url: oci://...`");
      }
      continue;
    }
    if (yaml::type_of(*node) != yaml::ScalarType::string) {
      report.add(site_of(plugin, *node), fmt::format("`url` is {}", yaml::describe(*node)),
                 "write a string, in quotes");
      continue;
    }
    if (const auto remark = judge_url(plugin.url)) {
      report.add(site_of(plugin, *node), remark->message, remark->hint);
    }
  }
}

void check_sha256(const Survey& survey, Report& report) {
  for (const auto* const plugin : all_plugins(survey.inventory())) {
    const auto* const node = plugin->module_field("sha256");
    if (node == nullptr || node->text.empty()) continue;
    const bool hex = node->text.size() == 64 &&
                     node->text.find_first_not_of("0123456789abcdef") == std::string::npos;
    const auto pinned = plugin->url.find("@sha256:");
    if (hex && yaml::type_of(*node) != yaml::ScalarType::string) {
      report.add(site_of(*plugin, *node), "`sha256` is a number to YAML", "write it in quotes");
    } else if (!hex) {
      report.add(site_of(*plugin, *node),
                 fmt::format("`{}` is not 64 lower-case hex digits", node->text),
                 "without `sha256:`; of an image it is the manifest's digest, of an http url the "
                 "module's");
    } else if (pinned != std::string::npos && plugin->url.substr(pinned + 8) != node->text) {
      report.add(site_of(*plugin, *node), "`sha256` and the url's digest differ: no image has both",
                 "both are the digest of the image's manifest: `wasmctl render IMAGE` writes them");
    }
  }
}

void check_sha256_unused(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
    const auto* const node = plugin.module_field("sha256");
    if (node == nullptr || node->text.empty() || !plugin.url.starts_with("file:")) continue;
    report.add(site_of(plugin, *node), "`sha256` of a file:// url is never compared",
               "leave it out: a ConfigMap's name with a hash says which module it is");
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
  for (const auto& plugin : survey.inventory().plugins) {
    if (const auto* const config = plugin.module_field("pluginConfig")) {
      find_large_numbers(*config, plugin, report);
    }
  }
}

std::string text_of(const Node* node, std::string_view otherwise) {
  return std::string(node == nullptr || node->text.empty() ? otherwise : node->text);
}

// Of the module at hand, if it is this plugin's.
const ModuleFacts* facts_of(const Survey& survey, const PluginManifest& plugin) {
  const auto& plugins = survey.inventory().plugins;
  const auto& module = survey.inventory().module;
  const bool is_its =
      module && (plugins.size() == 1 || module->plugin.empty() || module->plugin == plugin.name);
  return is_its ? &*module : nullptr;
}

void check_phase_type(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
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

// Of a module that is at hand its imports tell, else the phase of those that only look.
void check_observer(const Survey& survey, Report& report) {
  for (const auto& plugin : survey.inventory().plugins) {
    const auto* const module = facts_of(survey, plugin);
    const bool stats = text_of(yaml::find(plugin.spec, "phase"), "") == "STATS";
    if (module != nullptr ? !module->observes : !stats) continue;
    const auto* const strategy = plugin.module_field("failStrategy");
    if (text_of(strategy, "FAIL_CLOSE") != "FAIL_CLOSE") continue;
    report.add(
        strategy == nullptr ? plugin.site : site_of(plugin, *strategy),
        fmt::format("plugin `{}` {}, but all traffic is denied when it fails ({})", plugin.name,
                    module != nullptr ? "changes no request" : "is for statistics",
                    strategy == nullptr ? "FAIL_CLOSE is the default" : "FAIL_CLOSE"),
        "write `failStrategy: FAIL_OPEN`");
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
  for (const auto& plugin : survey.inventory().plugins) {
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
    {"unknown-field", Severity::error, "every field is one of the kind's", check_unknown_field},
    {"bad-value", Severity::error, "every value has the form and range that Istio accepts",
     check_bad_value},
    {"url-form", Severity::error, "the url means to Istio what it seems to say", check_url_form},
    {"sha256", Severity::error, "sha256 is 64 hex digits, and agrees with the url's digest",
     check_sha256},
    {"sha256-unused", Severity::warning, "sha256 stands beside a url that is downloaded",
     check_sha256_unused},
    {"config-number", Severity::warning, "numbers of the config fit a double", check_config_number},
    {"phase-type", Severity::warning, "phase, type and the module's callbacks go together",
     check_phase_type},
    {"observer-fails-closed", Severity::warning,
     "a plugin that only observes does not deny traffic when it fails", check_observer},
    {"env-alone", Severity::warning, "a new vmConfig.env comes with a new module (needs --before)",
     check_env_alone},
};

}  // namespace

std::span<const ManifestRule> plugin_rules() {
  return kPluginRules;
}

}  // namespace wasmctl::kube
