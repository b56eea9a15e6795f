#include "cli/flags/watched.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/sha256.hpp"
#include "base/stop_signals.hpp"

namespace wasmctl::cli {

namespace fs = std::filesystem;

namespace {

void say_changed(const Context& context, const std::vector<fs::path>& paths) {
  if (context.quiet) return;
  if (paths.size() == 1) {
    context.err.print("\n{} has changed\n", paths.front().native());
  } else {
    context.err.print("\n{} and {} more have changed\n", paths.front().native(), paths.size() - 1);
  }
}

// What our own lines go to, as in `wasmctl run >log` in the plugin's directory.
bool is_own_output(const fs::path& path) {
  struct stat file{};
  if (::stat(path.c_str(), &file) != 0) return false;
  return std::ranges::any_of(std::array{STDOUT_FILENO, STDERR_FILENO}, [&](int descriptor) {
    struct stat output{};
    return ::fstat(descriptor, &output) == 0 && output.st_dev == file.st_dev &&
           output.st_ino == file.st_ino;
  });
}

// Of a larger one only that it is there.
constexpr std::uint64_t kMaxCompared = 64U << 20U;

constexpr char kAbsent[] = "absent";

// What tells one content from another.
std::string state_of(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return kAbsent;
  if (!fs::is_regular_file(path, ignored)) return "present";
  try {
    return base::sha256_hex(base::read_file(path, kMaxCompared));
  } catch (const Error&) {
    return "present";
  }
}

}  // namespace

std::vector<fs::path> Changes::new_among(const std::vector<fs::path>& changed) {
  std::vector<fs::path> others;
  for (const auto& path : changed) {
    auto state = state_of(path);
    // Gone by now, and never seen: what others are written by, and renamed from.
    auto& seen = seen_.try_emplace(path, kAbsent).first->second;
    if (seen == state) continue;
    seen = std::move(state);
    others.push_back(path);
  }
  return others;
}

std::optional<std::vector<fs::path>> Changes::wait(std::span<const int> others) {
  constexpr unsigned kMostInARow = 3;
  while (true) {
    const bool came_during_work = watch_.has_events();
    auto changed = watch_.wait(others);
    if (!changed) return changed;
    std::erase_if(*changed, is_own_output);
    if (changed->empty()) continue;
    const auto is_new = new_among(*changed);
    if (!came_during_work) {
      in_a_row_.clear();
      return changed;
    }
    if (is_new.empty()) continue;
    std::map<fs::path, unsigned> counts;
    for (const auto& path : is_new) counts[path] = in_a_row_[path] + 1;
    in_a_row_ = std::move(counts);
    const auto is_of_build = [](const auto& entry) { return entry.second > kMostInARow; };
    if (!std::ranges::all_of(in_a_row_, is_of_build)) return changed;
    base::log_warning_and_hint(
        fmt::format("{} has changed during each of the last builds, as if they wrote it: not built "
                    "again for that",
                    is_new.front().native()),
        "if it was you, save it again");
  }
}

void add_watched_directory(base::Watched& watched, const std::string& directory,
                           const BuildFlags& flags) {
  const fs::path top = directory;
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
                    const std::function<void(const base::StopSignals&)>& work) {
  const base::StopSignals stop;
  Changes changes(inputs());
  const std::vector<int> ends = {stop.descriptor()};
  while (!stop.came()) {
    try {
      work(stop);
    } catch (const Error& error) {
      if (stop.came()) break;  // it ended the compiler
      context.err.relay(format_error(error));
    } catch (const Refused&) {  // has said why
    }
    context.out.flush();
    context.err.flush();
    const auto changed = changes.wait(ends);
    if (!changed) break;
    say_changed(context, *changed);
    changes.watch(inputs());
  }
  throw Refused{Code::interrupted};
}

}  // namespace wasmctl::cli
