// What `--watch` and `wasmctl run` watch of a plugin's directory.
#pragma once

#include "base/watch.hpp"
#include "cli/flags/build_flags.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::cli {

// Adds the directory with all that is below it, and the directories of headers that wasmctl.yaml
// and the flags name; but not what a build writes.
void add_watched_plugin(base::Watched& watched, const plugin::Plugin& plugin,
                        const BuildFlags& flags);

}  // namespace wasmctl::cli
