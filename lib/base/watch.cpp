#include "base/watch.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"

namespace wasmctl::base {

namespace {

constexpr unsigned kEvents = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE |
                             IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr unsigned kHow = IN_ONLYDIR | IN_EXCL_UNLINK;
// How often a path that is absent is looked for.
constexpr std::chrono::milliseconds kLookAgain{250};

Error cannot_watch(const fs::path& path, int error) {
  Error made(Code::io, fmt::format("cannot watch {}: {}", path.native(), std::strerror(error)));
  if (error == ENOSPC) {
    made.hint("all watches of this user are taken: `sysctl fs.inotify.max_user_watches=524288`");
  }
  if (error == EMFILE) {
    made.hint("all watchers of this user are taken: `sysctl fs.inotify.max_user_instances=512`");
  }
  return made;
}

bool never_counts(const std::string& name) {
  return name.starts_with('.') || name.ends_with('~');
}

fs::path without_slash(const fs::path& path) {
  auto normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

// True when one of them is ready before the time is over; -1: whatever it takes.
bool is_ready(std::span<pollfd> waiting, int milliseconds) {
  while (true) {
    const int ready = ::poll(waiting.data(), waiting.size(), milliseconds);
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) throw Error(Code::io, fmt::format("cannot wait: {}", std::strerror(errno)));
  }
}

}  // namespace

Watch::Watch(Watched watched) : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (inotify_ < 0) throw cannot_watch("files", errno);
  try {
    watch(std::move(watched));
  } catch (...) {
    ::close(inotify_);
    throw;
  }
}

Watch::~Watch() {
  ::close(inotify_);
}

void Watch::watch(Watched watched) {
  watched_ = std::move(watched);
  for (auto& path : watched_.paths) path = without_slash(path);
  for (auto& path : watched_.except) path = without_slash(path);
  for (auto& [descriptor, directory] : directories_) {
    directory.whole = false;
    directory.names.clear();
  }
  add_all();
  std::erase_if(directories_, [this](const auto& entry) {
    const auto& [descriptor, directory] = entry;
    if (directory.whole || !directory.names.empty()) return false;
    ::inotify_rm_watch(inotify_, descriptor);
    return true;
  });
}

// Also again: what is watched already stays as it is.
void Watch::add_all() {
  absent_.clear();
  for (const auto& path : watched_.paths) {
    if (!add_path(path)) absent_.insert(path);
    std::error_code ignored;
    if (!fs::is_symlink(fs::symlink_status(path, ignored))) continue;
    const auto target = fs::canonical(path, ignored);
    if (!target.empty()) add_path(target);
  }
}

// False if not even its directory is there.
bool Watch::add_path(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return add_tree(path);
  auto* const directory = add_directory(directory_of(path));
  if (directory != nullptr) directory->names.insert(path.filename().native());
  return directory != nullptr;
}

bool Watch::add_tree(const fs::path& path) {
  auto* const directory = add_directory(path);
  if (directory == nullptr) return false;
  directory->whole = true;
  const auto top = *directory;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    const bool is_below = entry.is_directory(ignored) && !entry.is_symlink(ignored);
    if (is_below && counts(top, entry.path().filename().native())) add_tree(entry.path());
  }
  return true;
}

// Null if it is gone, or none.
Watch::Directory* Watch::add_directory(const fs::path& path) {
  const int descriptor = ::inotify_add_watch(inotify_, path.c_str(), kEvents | kHow);
  if (descriptor < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return nullptr;
    throw cannot_watch(path, errno);
  }
  auto& directory = directories_[descriptor];
  directory.path = path;
  return &directory;
}

bool Watch::counts(const Directory& directory, const std::string& name) const {
  const auto path = (directory.path / name).lexically_normal();
  if (std::ranges::find(watched_.except, path) != watched_.except.end()) return false;
  return directory.names.contains(name) || (directory.whole && !never_counts(name));
}

// Whether a watched path is it, or is in it.
bool Watch::is_needed(const fs::path& directory) const {
  return std::ranges::any_of(watched_.paths, [&](const fs::path& path) {
    return path == directory || directory_of(path) == directory;
  });
}

// What was moved within a watched directory has been found at its new place by now.
void Watch::let_go_if_moved(int descriptor, const fs::path& path) {
  const int there = ::inotify_add_watch(inotify_, path.c_str(), kEvents | kHow);
  if (there != descriptor) ::inotify_rm_watch(inotify_, descriptor);
}

void Watch::look_for_absent(std::set<fs::path>& changed) {
  std::erase_if(absent_, [&](const fs::path& path) {
    if (!add_path(path)) return false;
    changed.insert(path);
    return true;
  });
}

bool Watch::has_events() const {
  pollfd events{inotify_, POLLIN, 0};
  return ::poll(&events, 1, 0) > 0;
}

std::optional<std::vector<fs::path>> Watch::wait(std::span<const int> others) {
  std::vector<pollfd> waiting = {{inotify_, POLLIN, 0}};
  for (const int other : others) waiting.push_back({other, POLLIN, 0});
  std::set<fs::path> changed;
  std::chrono::steady_clock::time_point first;
  while (true) {
    auto patience = std::chrono::milliseconds(-1);
    if (!absent_.empty()) patience = kLookAgain;
    if (!changed.empty()) patience = kQuiet;
    const bool ready = is_ready(waiting, static_cast<int>(patience.count()));
    const auto is_set = [](const pollfd& one) { return one.revents != 0; };
    if (std::any_of(waiting.begin() + 1, waiting.end(), is_set)) return std::nullopt;
    const auto now = std::chrono::steady_clock::now();
    if (!changed.empty() && (!ready || now - first > kLongest)) break;
    if (changed.empty()) first = now;
    if (ready) {
      read_events(changed);
    } else {
      look_for_absent(changed);
    }
  }
  return std::vector<fs::path>(changed.begin(), changed.end());
}

void Watch::read_events(std::set<fs::path>& changed) {
  alignas(inotify_event) std::array<char, 16384> buffer;  // NOLINT: filled by read
  while (true) {
    const auto got = ::read(inotify_, buffer.data(), buffer.size());
    if (got <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      at += sizeof event;
      // The name is padded with zeros.
      const std::string name(buffer.data() + at, ::strnlen(buffer.data() + at, event.len));
      at += event.len;
      take_event(event.wd, event.mask, name, changed);
    }
  }
}

void Watch::take_event(int descriptor, unsigned mask, const std::string& name,
                       std::set<fs::path>& changed) {
  if ((mask & IN_Q_OVERFLOW) != 0) {  // some are lost: all may have changed
    add_all();
    std::ranges::copy(watched_.paths, std::inserter(changed, changed.end()));
    return;
  }
  const auto found = directories_.find(descriptor);
  if (found == directories_.end()) return;
  const auto directory = found->second;  // a copy: the map may change below
  if ((mask & IN_IGNORED) != 0) {        // it is gone
    directories_.erase(found);
    if (is_needed(directory.path)) add_all();
    return;
  }
  if ((mask & IN_MOVE_SELF) != 0) let_go_if_moved(descriptor, directory.path);
  if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
    if (std::ranges::find(watched_.paths, directory.path) != watched_.paths.end()) {
      changed.insert(directory.path);
    }
    return;
  }
  if (!counts(directory, name)) return;
  const auto path = (directory.path / name).lexically_normal();
  changed.insert(path);
  if ((mask & IN_ISDIR) != 0 && (mask & (IN_CREATE | IN_MOVED_TO)) != 0) add_path(path);
}

}  // namespace wasmctl::base
