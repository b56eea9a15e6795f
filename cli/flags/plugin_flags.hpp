// The flags that say how a plugin is to run: one for each field of a WasmPlugin. What they say
// stands above what wasmctl.yaml says.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "kube/render/settings.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::cli {

struct PluginFlags {
  std::map<std::string, std::string> scalars;  // by key of kube::fields()
  std::vector<std::string> selectors;          // KEY=VALUE
  std::vector<std::string> target_refs;        // KIND/NAME
  std::vector<std::string> matches;            // MODE[:PORT[+PORT...]]
  std::vector<std::string> env;                // NAME=VALUE
  std::vector<std::string> host_env;           // NAME
  std::string config_file;
  std::vector<std::string> assignments;  // a.b=c, of which c may be JSON
  std::vector<std::string> texts;        // a.b=c, likewise, c always a text
};

void add_plugin_flags(CLI::App& app, PluginFlags& flags);

// Of these only what the plugin itself sees of them: its config and its environment, the ID of its
// root context; and what happens when it fails.
void add_config_flags(CLI::App& app, PluginFlags& flags);

// wasmctl.yaml's settings, then the flags', all judged; the config also by the plugin's JSON
// Schema.
kube::Settings collect_settings(const PluginFlags& flags, const plugin::Plugin* plugin);

}  // namespace wasmctl::cli
