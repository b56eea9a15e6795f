#include "envoy/run_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <system_error>

#include "envoy/loopback.hpp"

namespace wasmctl::envoy {

namespace {

namespace fs = std::filesystem;

bool is_old(const struct stat& status) {
  constexpr auto kBeingMade = std::chrono::minutes(1);
  const auto changed = std::chrono::system_clock::from_time_t(status.st_mtime);
  return changed + kBeingMade < std::chrono::system_clock::now();
}

}  // namespace

void RunDirectory::remove_abandoned(const fs::path& own) {
  const auto name = own.filename().native();
  const auto begin = name.substr(0, name.find('.') + 1);  // "wasmctl."
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(own.parent_path(), ignored)) {
    const auto other = entry.path().filename().native();
    if (other.size() != name.size() || !other.starts_with(begin) || other == name) continue;
    const Socket opened(
        ::open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (::fstat(opened.descriptor(), &status) != 0 || status.st_uid != ::geteuid()) continue;
    if (is_old(status) && ::flock(opened.descriptor(), LOCK_EX | LOCK_NB) == 0)
      fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace wasmctl::envoy
