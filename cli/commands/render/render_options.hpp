// What `wasmctl render` was asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/flags/plugin_flags.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/flags/source.hpp"
#include "kube/mount.hpp"
#include "kube/render/resource_kinds.hpp"
#include "kube/workload.hpp"

namespace wasmctl::cli {

// How the module gets to the proxy.
enum class Via : std::uint8_t { oci, config_map, image_volume, http, file };
enum class Only : std::uint8_t { config_map, plugin, patch, policy };
// As kubectl names them.
enum class PatchType : std::uint8_t { strategic, json };

inline constexpr char kVerifyKeyFlag[] = "--verify-key";
inline constexpr char kPullSecretFlag[] = "--pull-secret-from-docker-config";

struct RenderOptions {
  std::vector<std::string> sources;
  std::string name;
  std::string ns;
  std::string config_map;
  std::string url;
  std::string directory;
  std::string against;     // the workload as it is, for a JSON patch
  std::string verify_key;  // that the image must be signed with
  bool undo = false;
  bool explain = false;
  bool json = false;
  bool pull_secret = false;  // rendered, with the credentials that docker keeps
  Lint lint = Lint::refuse;
  PluginFlags plugin;
  BuildFlags build;
  RegistryOptions registry;

  std::optional<Via> via;  // none: what fits the SOURCE
  const kube::ResourceKind* kind = kube::resource_kinds().front();
  std::optional<kube::Workload> workload;
  kube::MountStyle mount = kube::MountStyle::container;
  std::optional<Only> only;
  PatchType patch_type = PatchType::strategic;
};

void add_render_flags(CLI::App& app, RenderOptions& options);

// Before anything is built or asked of a registry. Throws Error{Code::usage}.
void check_options(const Context& context, const RenderOptions& options);

// As a volume of the pods.
bool is_mounted(Via via);
bool needs_image(Via via);
std::string_view to_string(Via via);

// Where nothing is said: an image's own name, a file on Envoy's machine, a file from a ConfigMap.
Via choose_via(const RenderOptions& options, bool has_image);

}  // namespace wasmctl::cli
