// What a SOURCE of `wasmctl render` turned out to be, and how its module gets to the proxy.
#pragma once

#include <optional>
#include <string>

#include "cli/command.hpp"
#include "cli/commands/render/render_options.hpp"
#include "cli/flags/source.hpp"
#include "kube/render/settings.hpp"
#include "oci/reference.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::cli {

struct Subject {
  std::string source;
  std::string name;  // of the plugin
  Via via = Via::oci;
  std::optional<plugin::Plugin> plugin;  // of a directory
  std::optional<oci::Reference> image;   // that SOURCE or wasmctl.yaml names
  std::optional<LocalModule> module;     // there, if needs_image(via) is false
  // JSON, of an image's config: what wasmctl.yaml does not say.
  std::optional<std::string> config_schema;

  bool is_mounted() const { return cli::is_mounted(via); }
};

// A directory is built, an image's module is fetched, if the module itself is what is rendered.
// Throws Error{Code::usage} for what does not go with the options.
Subject find_subject(Context& context, const RenderOptions& options, const std::string& text);

// A file that only some pods have wants a selector. Throws Error{Code::usage}.
void check_selection(const Subject& subject, const kube::ResourceKind& kind,
                     const kube::Settings& settings);

}  // namespace wasmctl::cli
