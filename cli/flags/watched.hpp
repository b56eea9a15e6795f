// `--watch`: what is watched of a plugin's directory, and the loop that goes by it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/stop_signals.hpp"
#include "base/watch.hpp"
#include "cli/flags/build_flags.hpp"

namespace wasmctl::cli {

// Adds the plugin's directory with all that is below it, and the directories of headers that its
// wasmctl.yaml, if that can be read, and the flags name, and the files of libraries that it was
// last built from; but not what a build writes.
void add_watched_directory(base::Watched& watched, const std::string& directory,
                           const BuildFlags& flags);

// Changes that are worth a build: a build may write into what is watched (a build.rs that writes
// src/generated.rs), and must not be its own cause for ever.
class Changes {
 public:
  explicit Changes(base::Watched watched) : watch_(std::move(watched)) {}

  void watch(base::Watched watched) { watch_.watch(std::move(watched)); }
  // Called right after a build; else as Watch::wait(). What came during the build does not count if
  // each file is what it was when it had changed before, nor if the same file was another each
  // time, four times in a row: then a warning names it.
  std::optional<std::vector<std::filesystem::path>> wait(std::span<const int> others);

 private:
  // Those whose content is another than when they had changed before.
  std::vector<std::filesystem::path> new_among(const std::vector<std::filesystem::path>& changed);

  base::Watch watch_;
  std::map<std::filesystem::path, std::string> seen_;   // digests of what has changed
  std::map<std::filesystem::path, unsigned> in_a_row_;  // builds because it changed during one
};

// Does `work` now, and again whenever something has changed of what `inputs` says before. What
// `work` throws is printed, and ends nothing. Throws Refused{Code::interrupted} at a signal, at
// which `work` may look, too.
[[noreturn]] void work_and_watch(Context& context, const std::function<base::Watched()>& inputs,
                                 const std::function<void(const base::StopSignals&)>& work);

}  // namespace wasmctl::cli
