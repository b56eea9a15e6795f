// Waits for files to change: what `--watch` and `wasmctl run` go by. By inotify(7), so on Linux.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace wasmctl::base {

namespace fs = std::filesystem;

// What is watched. A path may be absent: that it appears is a change.
struct Watched {
  // A file, or a directory with all that is below it. Links in a directory are not followed, a link
  // that is named here is.
  std::vector<fs::path> paths;
  // Files and directories of these that do not count: what a build writes.
  std::vector<fs::path> except;
};

// What is found in a directory by a name that begins with `.` or ends in `~` never counts: editors
// and version control have such files.
//
// A file is watched by its directory, so an editor may write it in place or rename another over it.
// What happens between two calls of wait() is not lost: the second returns at once.
class Watch {
 public:
  // Nothing for so long after a change: all is written that belongs to it.
  static constexpr std::chrono::milliseconds kQuiet{30};
  // A change that goes on for longer than this is told of anyway.
  static constexpr std::chrono::milliseconds kLongest{2000};

  // Throws Error{Code::io} if the system has no watches left, with what to do about it.
  explicit Watch(Watched watched);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Watches these instead; changes before this do not count for paths that are new.
  void watch(Watched watched);

  // Something has happened of which wait() will tell, if it counts.
  bool has_events() const;

  // Waits until something has changed and then nothing for `kQuiet`. What has changed, sorted, as
  // the watched paths spell it; never empty. Null once one of `others`, descriptors for poll(), is
  // readable or at its end.
  std::optional<std::vector<fs::path>> wait(std::span<const int> others = {});

 private:
  struct Directory {
    fs::path path;
    bool whole = false;           // every name in it counts
    std::set<std::string> names;  // else these
  };

  void add_all();
  bool add_path(const fs::path& path);
  bool add_tree(const fs::path& path);
  Directory* add_directory(const fs::path& path);
  void let_go_if_moved(int descriptor, const fs::path& path);
  void look_for_absent(std::set<fs::path>& changed);
  bool is_needed(const fs::path& directory) const;
  bool counts(const Directory& directory, const std::string& name) const;
  void read_events(std::set<fs::path>& changed);
  void take_event(int descriptor, unsigned mask, const std::string& name,
                  std::set<fs::path>& changed);

  int inotify_ = -1;
  Watched watched_;
  std::map<int, Directory> directories_;  // by inotify's descriptor
  std::set<fs::path> absent_;             // of the watched paths: nor is their directory there
};

}  // namespace wasmctl::base
