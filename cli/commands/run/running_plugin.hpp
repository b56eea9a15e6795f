// A plugin as `wasmctl run` hands it to Envoy, and hands it again when it has changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/content.hpp"
#include "base/watch.hpp"
#include "cli/commands/run/run_options.hpp"
#include "cli/flags/source.hpp"
#include "envoy/bootstrap.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::cli {

// Built, judged and configured.
struct RunningPlugin {
  envoy::Filter filter;
  base::Content module;  // in memory: the file may be written in place
  std::string path;      // of the module, for messages
  envoy::Traffic traffic = envoy::Traffic::http;
  std::optional<plugin::Plugin> plugin;  // of a directory
};

class PluginSource {
 public:
  // All must outlive it but the text. `flags` has the configuration of this one.
  PluginSource(Context& context, const RunOptions& options, Images& images, const std::string& text,
               const PluginFlags& flags);

  // As it is now. Throws what is wrong with it.
  RunningPlugin load() const;

  // As a document of its own needs it: the module by its path, or itself where it has none.
  envoy::Filter lasting_filter(const RunningPlugin& plugin) const;

  // What it is made from.
  void add_watched(base::Watched& watched) const;

 private:
  bool is_local() const;
  LocalModule load_once() const;
  void configure(RunningPlugin& running) const;

  Context& context_;
  const RunOptions& options_;
  Images& images_;
  Source source_;
  const PluginFlags& flags_;
  mutable std::optional<LocalModule> fixed_;  // of an image or standard input
};

}  // namespace wasmctl::cli
