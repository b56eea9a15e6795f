// `--watch`: what is watched of a plugin's directory, and the loop that goes by it.
#pragma once

#include <functional>
#include <string>

#include "base/watch.hpp"
#include "cli/flags/build_flags.hpp"

namespace wasmctl::cli {

// Adds the plugin's directory with all that is below it, and the directories of headers that its
// wasmctl.yaml, if that can be read, and the flags name; but not what a build writes.
void add_watched_directory(base::Watched& watched, const std::string& directory,
                           const BuildFlags& flags);

// Does `work` now, and again whenever something has changed of what `inputs` says before. What
// `work` throws is printed, and ends nothing. Throws Refused{Code::interrupted} at a signal.
[[noreturn]] void work_and_watch(Context& context, const std::function<base::Watched()>& inputs,
                                 const std::function<void()>& work);

}  // namespace wasmctl::cli
