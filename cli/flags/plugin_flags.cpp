#include "cli/flags/plugin_flags.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/flags/key_value.hpp"
#include "cli/manifest_file.hpp"
#include "kube/render/plugin_config.hpp"
#include "plugin/config_schema.hpp"

namespace wasmctl::cli {

namespace {

using nlohmann::json;

// Flags that set one scalar; its choices are in kube::fields().
struct ScalarFlag {
  const char* name;
  const char* key;
  const char* type;  // "": of its choices
  const char* help;
};

constexpr ScalarFlag kScalarFlags[] = {
    {"--phase", "phase", "", "Where in the chain of filters"},
    {"--priority", "priority", "N", "Order within the phase, highest first"},
    {"--fail-strategy", "failStrategy", "", "What happens to requests if the plugin fails"},
    {"--type", "type", "", "Of the filter"},
    {"--plugin-name", "pluginName", "NAME", "The root context's ID (Envoy's root_id)"},
    {"--pull-policy", "imagePullPolicy", "", "When the image is pulled again"},
    {"--pull-secret", "imagePullSecret", "NAME", "The secret with the registry's credentials"},
};

Error refuse(std::string_view flag, std::string_view form, std::string_view word) {
  return Error(Code::usage, fmt::format("{}: expected {}, not `{}`", flag, form, word));
}

// A whole number as one, so that the table of settings can judge it; all else as text.
json parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return text;
}

json parse_target_refs(const std::vector<std::string>& words) {
  auto list = json::array();
  for (const auto& word : words) {
    const auto slash = word.find('/');
    if (slash == std::string::npos) {
      throw refuse("--target-ref", "KIND/NAME", word).hint("for example `Gateway/ingress`");
    }
    json target = {{"kind", word.substr(0, slash)}, {"name", word.substr(slash + 1)}};
    const auto group = kube::group_of_target(word.substr(0, slash));
    if (!group.empty()) target["group"] = group;
    list.push_back(std::move(target));
  }
  return list;
}

json parse_matches(const std::vector<std::string>& words) {
  auto list = json::array();
  for (const auto& word : words) {
    const auto colon = std::min(word.find(':'), word.size());
    json match = {{"mode", word.substr(0, colon)}};
    for (auto begin = colon; begin < word.size();) {
      const auto end = std::min(word.find('+', begin + 1), word.size());
      match["ports"].push_back({{"number", parse_number(word.substr(begin + 1, end - begin - 1))}});
      begin = end;
    }
    list.push_back(std::move(match));
  }
  return list;
}

// No proxy's environment has such a variable; the rest is for the table of settings to judge.
void check_host_variable(std::string_view name) {
  if (name.find_first_of("=, \t\r\n") == std::string_view::npos) return;
  throw usage_error("--env-from-host", fmt::format("`{}` is not the name of a variable", name));
}

json parse_env(const PluginFlags& flags) {
  auto env = json::array();
  for (const auto& word : flags.env) {
    const auto [name, value] = parse_key_value("--env", word, "NAME=VALUE");
    env.push_back({{"name", name}, {"value", value}});
  }
  for (const auto& name : flags.host_env) {
    check_host_variable(name);
    env.push_back({{"name", name}, {"valueFrom", "HOST"}});
  }
  return {{"env", env}};
}

bool is_integer(std::string_view key) {
  return std::ranges::any_of(kube::fields(), [&](const kube::Field& field) {
    return field.shape.key == key && field.shape.type == kube::ShapeType::integer;
  });
}

void set_config(kube::Settings& settings, const PluginFlags& flags) {
  if (flags.config_file.empty() && flags.assignments.empty() && flags.texts.empty()) return;
  const auto* const before = settings.find("config");
  auto config = before == nullptr ? json::object() : *before;
  if (!flags.config_file.empty()) {
    const auto file = read_manifest(flags.config_file, kMaxConfigBytes);
    config = kube::read_config(file.text, file.name);
  }
  for (const auto& assignment : flags.assignments) {
    kube::set_value(config, assignment);
    if (const auto doubt = kube::doubt_about(assignment)) base::log_warning(*doubt);
  }
  for (const auto& text : flags.texts) kube::set_value(config, text, kube::SetAs::text);
  settings.set("config", config, {flags.config_file.empty() ? "--set" : "--config", Code::usage});
}

// The words that a setting may have, as add_choice() shows them; of another its type.
std::string type_of(const ScalarFlag& flag) {
  const auto fields = kube::fields();
  const auto field = std::ranges::find_if(
      fields, [&](const kube::Field& row) { return row.shape.key == flag.key; });
  if (field == fields.end() || field->shape.choices.empty()) return flag.type;
  return fmt::format("{}", fmt::join(field->shape.choices, "|"));
}

CLI::Option* add_list(CLI::App& app, const char* name, std::vector<std::string>& words,
                      const char* type, const char* help) {
  return app.add_option(name, words, help)->type_name(type)->allow_extra_args(false);
}

void add_scalar(CLI::App& app, PluginFlags& flags, const ScalarFlag& flag) {
  app.add_option(flag.name, flags.scalars[flag.key], flag.help)->type_name(type_of(flag));
}

void add_values(CLI::App& app, PluginFlags& flags) {
  add_list(app, "--env", flags.env, "NAME=VALUE",
           "A variable of the plugin's VM; with --env-from-host in place of wasmctl.yaml's");
  add_list(app, "--env-from-host", flags.host_env, "NAME",
           "A variable of the proxy, shown to the plugin")
      ->delimiter(',');
  app.add_option(
         "--config", flags.config_file,
         "The plugin's config, YAML or (*.json) JSON, in place of wasmctl.yaml's; - for stdin")
      ->type_name("FILE");
  add_list(
      app, "--set", flags.assignments, "KEY=VALUE",
      "One value of the config: a text, or JSON as it stands (5, true, null, [..], {..}, \"..\"); "
      "dots lead to keys within, `\\.` is a dot. As in --set log.level=info, --set "
      "'hosts=[\"a\"]'");
  add_list(app, "--set-string", flags.texts, "KEY=VALUE",
           "The same, and the value is a text whatever it is");
}

}  // namespace

void add_plugin_flags(CLI::App& app, PluginFlags& flags) {
  add_list(app, "-l,--selector", flags.selectors, "KEY=VALUE", "A label of the pods")
      ->delimiter(',');
  add_list(app, "--target-ref", flags.target_refs, "KIND/NAME",
           "A Gateway, Service, HTTPRoute..., in place of a selector");
  add_list(app, "--match", flags.matches, "MODE[:PORT+PORT]",
           "Traffic: CLIENT, SERVER, CLIENT_AND_SERVER");
  add_values(app, flags);
  for (const auto& flag : kScalarFlags) add_scalar(app, flags, flag);
}

void add_config_flags(CLI::App& app, PluginFlags& flags) {
  add_values(app, flags);
  for (const auto& flag : kScalarFlags) {
    const std::string_view key = flag.key;
    if (key == "pluginName" || key == "failStrategy") add_scalar(app, flags, flag);
  }
}

kube::Settings collect_settings(const PluginFlags& flags, const plugin::Plugin* plugin) {
  kube::Settings settings;
  if (plugin != nullptr) {
    for (const auto& setting : plugin->settings) {
      settings.set(setting.key, *setting.value, {setting.place, Code::bad_input});
    }
  }
  for (const auto& flag : kScalarFlags) {
    const auto given = flags.scalars.find(flag.key);
    if (given == flags.scalars.end() || given->second.empty()) continue;
    const auto value = is_integer(flag.key) ? parse_number(given->second) : json(given->second);
    settings.set(flag.key, value, {flag.name, Code::usage});
  }
  const auto set = [&](bool given, const char* key, const char* flag, const auto& parse) {
    if (given) settings.set(key, parse(), {flag, Code::usage});
  };
  set(!flags.selectors.empty(), "selector", "--selector",
      [&] { return json{{"matchLabels", parse_selector(flags.selectors)}}; });
  set(!flags.target_refs.empty(), "targetRefs", "--target-ref",
      [&] { return parse_target_refs(flags.target_refs); });
  set(!flags.matches.empty(), "match", "--match", [&] { return parse_matches(flags.matches); });
  set(!flags.env.empty() || !flags.host_env.empty(), "vmConfig", "--env",
      [&] { return parse_env(flags); });
  set_config(settings, flags);
  settings.check_together();
  if (const auto file = plugin == nullptr ? std::nullopt : plugin::schema_file(*plugin)) {
    kube::require_config(settings, plugin::read_schema(*file), plugin->name, file->native());
  }
  return settings;
}

}  // namespace wasmctl::cli
