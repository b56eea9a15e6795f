// What `wasmctl render` made, and what its user should type next.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/render/render_options.hpp"
#include "kube/check/inventory.hpp"
#include "kube/mount.hpp"
#include "kube/render/resource_kinds.hpp"
#include "kube/render/settings.hpp"
#include "kube/workload.hpp"

namespace wasmctl::cli {

// One plugin; each a document of its own.
struct RenderedPlugin {
  std::string name;
  kube::Settings settings;
  std::optional<nlohmann::ordered_json> pull_secret;
  std::optional<nlohmann::ordered_json> config_map;
  nlohmann::ordered_json resource;
  std::string url;                          // of the module
  std::optional<kube::Mount> mount;         // the url is a file that a volume of the pod holds
  bool fixed_config_map = false;            // its name stays when the module changes
  std::optional<kube::ModuleFacts> module;  // where the module is at hand
  bool may_log = true;                      // false: it calls nothing that writes to the log
};

// What mounts all of them.
struct RenderedPatch {
  kube::Workload workload;
  kube::MountStyle style = kube::MountStyle::container;
  PatchType type = PatchType::strategic;
  nlohmann::ordered_json content;
};

struct Rendering {
  const kube::ResourceKind* kind = nullptr;
  std::optional<std::string> ns;
  std::vector<RenderedPlugin> plugins;
  std::optional<RenderedPatch> patch;
  std::optional<nlohmann::ordered_json> policy;  // that demands signatures
};

// "NAME-plugin.yaml", as render writes it into a directory; of an only plugin "plugin.yaml".
std::string file_name(const Rendering& rendering, const RenderedPlugin& plugin,
                      std::string_view what);

struct Invocation {
  std::vector<std::string> command_line;  // to be typed again with other flags
  std::string directory;                  // where the files were written; empty: to stdout
  bool workload_from_stdin = false;       // for a JSON patch
  bool config_from_stdin = false;
};

// The kubectl commands that bring the manifests into a cluster, in the order in which no pod is
// without its module, and those that show that it works: Istio's proxies write no line of a
// plugin's until their level for Wasm is lowered. Several lines, each ended.
std::string next_steps(const Rendering& rendering, const Invocation& invocation);

}  // namespace wasmctl::cli
