#include "registry/upload_record.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <system_error>

#include "base/log.hpp"
#include "base/sha256.hpp"

namespace wasmctl::registry {

namespace {

namespace fs = std::filesystem;

// A longer Location is not remembered.
constexpr std::size_t kMaxBytes = 16 * 1024;
// Registries drop what nobody has gone on with for a week, at the latest.
constexpr std::chrono::hours kMaxAge{7 * 24};

void remove_old(const fs::path& directory) {
  std::error_code error;
  const auto oldest = fs::file_time_type::clock::now() - kMaxAge;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    const auto time = fs::last_write_time(entry->path(), gone);
    if (!gone && time < oldest) fs::remove(entry->path(), gone);
  }
}

}  // namespace

UploadRecord::UploadRecord(const fs::path& directory, const std::string& key)
    : path_(directory / base::sha256_hex(key)) {
  std::error_code error;
  fs::create_directories(directory, error);
  remove_old(directory);
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) {
    base::log_debug("what is sent is not remembered: no file in the cache");
    return;
  }
  struct stat status = {};
  // Another process has it, or has removed it just now.
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0 || ::fstat(fd_, &status) != 0 || status.st_nlink == 0) {
    ::close(fd_);
    fd_ = -1;
    return;
  }
  std::array<char, kMaxBytes> text{};
  const auto size = ::pread(fd_, text.data(), text.size(), 0);
  // A line that is whole: it may have been cut short by the end of the process.
  if (size > 0 && text[static_cast<std::size_t>(size) - 1] == '\n') {
    location_.assign(text.data(), static_cast<std::size_t>(size) - 1);
  }
}

UploadRecord::~UploadRecord() {
  if (fd_ < 0) return;
  if (location_.empty()) ::unlink(path_.c_str());
  ::close(fd_);
}

void UploadRecord::set_location(const std::string& location) {
  location_ = location;
  if (fd_ < 0 || location.size() >= kMaxBytes) return;
  const auto line = location + '\n';
  if (::ftruncate(fd_, 0) != 0 ||
      ::pwrite(fd_, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
    clear();
  }
}

void UploadRecord::clear() {
  location_.clear();
  if (fd_ >= 0 && ::ftruncate(fd_, 0) != 0) ::unlink(path_.c_str());
}

}  // namespace wasmctl::registry
