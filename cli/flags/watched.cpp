#include "cli/flags/watched.hpp"

namespace wasmctl::cli {

void add_watched_plugin(base::Watched& watched, const plugin::Plugin& plugin,
                        const BuildFlags& flags) {
  watched.paths.push_back(plugin.directory);
  for (const auto& include : plugin.build.includes) {
    watched.paths.push_back(plugin.directory / include);
  }
  for (const auto& include : flags.build.settings.includes) watched.paths.emplace_back(include);
  watched.except.push_back(plugin.directory / "build");
  watched.except.push_back(plugin.directory / "target");  // cargo's
  watched.except.push_back(plugin.build_directory);
}

}  // namespace wasmctl::cli
