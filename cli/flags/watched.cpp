#include "cli/flags/watched.hpp"

#include <filesystem>
#include <vector>

#include "base/error.hpp"
#include "base/stop_signals.hpp"

namespace wasmctl::cli {

namespace {

void say_changed(const Context& context, const std::vector<std::filesystem::path>& paths) {
  if (context.quiet) return;
  if (paths.size() == 1) {
    context.err.print("\n{} has changed\n", paths.front().native());
  } else {
    context.err.print("\n{} and {} more have changed\n", paths.front().native(), paths.size() - 1);
  }
}

}  // namespace

void add_watched_directory(base::Watched& watched, const std::string& directory,
                           const BuildFlags& flags) {
  const std::filesystem::path top = directory;
  watched.paths.push_back(top);
  watched.except.push_back(top / "build");
  watched.except.push_back(top / "target");  // cargo's
  for (const auto& include : flags.build.settings.includes) watched.paths.emplace_back(include);
  try {
    const auto plugin = load_plugin(directory, flags);
    watched.except.push_back(plugin.build_directory);
    for (const auto& include : plugin.build.includes) watched.paths.push_back(top / include);
  } catch (const Error&) {  // `work` says what is wrong
  }
}

void work_and_watch(Context& context, const std::function<base::Watched()>& inputs,
                    const std::function<void()>& work) {
  const base::StopSignals stop;
  base::Watch watch(inputs());
  const std::vector<int> ends = {stop.descriptor()};
  while (!stop.came()) {
    try {
      work();
    } catch (const Error& error) {
      if (stop.came()) break;  // it ended the compiler
      context.err.relay(format_error(error));
    } catch (const Refused&) {  // has said why
    }
    context.out.flush();
    context.err.flush();
    const auto changed = watch.wait(ends);
    if (!changed) break;
    say_changed(context, *changed);
    watch.watch(inputs());
  }
  throw Refused{Code::interrupted};
}

}  // namespace wasmctl::cli
