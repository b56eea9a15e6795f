#include "base/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <random>

namespace wasmctl::base {

namespace {

Error file_error(std::string_view action, const fs::path& path, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  Error result(missing ? Code::not_found : Code::io,
               fmt::format("cannot {} `{}`: {}", action, path.native(), std::strerror(error)));
  if (error == ENOSPC || error == EDQUOT) result.hint("free some space, or write elsewhere");
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Links of /proc name open files: a pipe has no other name, and the file behind a redirection is to
// be written where the shell has it, not replaced.
bool is_open_file(const fs::path& link) {
  std::error_code error;
  const auto directory = fs::canonical(link.parent_path(), error);
  return !error && directory.native().starts_with("/proc/") && directory.filename() == "fd";
}

// Where all may write and none but its owner may remove a file, as in /tmp, a link, file or pipe
// that belongs to neither the caller nor the directory's owner may have been put there to be
// written through. Linux refuses to open it, as fs.protected_symlinks, _regular and _fifos tell it
// to on Debian, Ubuntu and Fedora; a rename would not ask. Source:
// https://docs.kernel.org/admin-guide/sysctl/fs.html
void refuse_planted(const fs::path& path) {
  constexpr mode_t kShared = S_ISVTX | S_IWOTH;
  struct stat entry = {};
  struct stat directory = {};
  if (::lstat(path.c_str(), &entry) != 0 || ::stat(directory_of(path).c_str(), &directory) != 0 ||
      (directory.st_mode & kShared) != kShared) {
    return;
  }
  const bool judged = S_ISLNK(entry.st_mode) || S_ISREG(entry.st_mode) || S_ISFIFO(entry.st_mode);
  if (!judged || entry.st_uid == ::geteuid() || entry.st_uid == directory.st_uid) return;
  throw file_error("write", path, EACCES)
      .because("it belongs to another user, in a directory where all may write");
}

// The end of a chain of links, so that a rename replaces the file and not the link to it.
fs::path resolve_links(fs::path path) {
  constexpr int kMaxLinks = 40;  // as the kernel counts
  std::error_code ignored;
  for (int i = 0; i < kMaxLinks && fs::is_symlink(path, ignored) && !is_open_file(path); ++i) {
    refuse_planted(path);
    path = path.parent_path() / fs::read_symlink(path, ignored);
  }
  return path;
}

// A descriptor of this process is used as it is: opened anew, a file would be written from its
// start, and a socket not at all.
int open_to_write(const fs::path& path) {
  std::error_code ignored;
  const auto own = fs::canonical("/proc/self/fd", ignored);
  const auto number = path.filename().native();
  int fd = -1;
  const auto* end = number.data() + number.size();
  if (is_open_file(path) && fs::canonical(path.parent_path(), ignored) == own &&
      std::from_chars(number.data(), end, fd).ptr == end) {
    fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  } else {
    fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  }
  if (fd < 0) throw file_error("write", path, errno);
  return fd;
}

// Opened by its name, standard input would begin anew where another program has read a part of it,
// and a socket or another user's pipe could not be opened at all.
int open_to_read(const fs::path& path) {
  const int fd = path == "/dev/stdin" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                      : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw file_error("read", path, errno);
  return fd;
}

// umask() reads by setting, which other threads would see: Linux tells it in a file, too (proc(5),
// "Umask", since 4.7). Read once.
mode_t umask_of_process() {
  static const mode_t mask = [] {
    constexpr std::string_view kKey = "\nUmask:\t";
    std::string status;
    try {
      status = read_file("/proc/self/status", 64 * 1024UL);
    } catch (const Error&) {  // no /proc
    }
    mode_t value = 0;
    const auto found = status.find(kKey);
    if (found != std::string::npos) {
      const auto* digits = status.data() + found + kKey.size();
      std::from_chars(digits, status.data() + status.size(), value, 8);
      return value;
    }
    value = ::umask(0);
    ::umask(value);
    return value;
  }();
  return mask;
}

// A name beside `path` that nobody else takes.
fs::path name_beside(const fs::path& path) {
  std::random_device random;
  return path.native() + fmt::format(".{:08x}", random());
}

}  // namespace

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

Error too_long(const fs::path& path, std::uint64_t max_bytes) {
  return {Code::bad_input, fmt::format("`{}` has more than {} bytes, the most that is read",
                                       path.native(), max_bytes)};
}

std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  const int fd = open_to_read(path);
  const Descriptor file(fd);

  struct stat status = {};
  if (::fstat(fd, &status) != 0) throw file_error("read", path, errno);
  if (S_ISDIR(status.st_mode)) throw file_error("read", path, EISDIR);
  std::string bytes;
  if (S_ISREG(status.st_mode)) {
    bytes.reserve(std::min<std::uint64_t>(static_cast<std::uint64_t>(status.st_size), max_bytes) +
                  1);
  }
  constexpr std::size_t kStep = 65536;
  for (;;) {
    const auto old_size = bytes.size();
    const auto step = std::max(kStep, bytes.capacity() - old_size);
    bytes.resize(old_size + step);
    const auto got = ::read(fd, bytes.data() + old_size, step);
    if (got < 0 && errno == EINTR) {
      bytes.resize(old_size);
      continue;
    }
    if (got < 0) throw file_error("read", path, errno);
    bytes.resize(old_size + static_cast<std::size_t>(got));
    if (bytes.size() > max_bytes) throw too_long(path, max_bytes);
    if (got == 0) return bytes;
  }
}

void read_file_by_pieces(const fs::path& path, const std::function<void(std::string_view)>& sink) {
  constexpr std::size_t kPiece = 256 * 1024;
  const int fd = open_to_read(path);
  const Descriptor file(fd);
  std::string piece(kPiece, '\0');
  for (;;) {
    const auto got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw file_error("read", path, errno);
    if (got == 0) return;
    sink(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
  }
}

void write_file(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_secret_file(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path, AtomicFile::Readers::owner);
  file.write(bytes);
  file.commit();
}

void replace_file(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path, AtomicFile::Readers::as_usual, Links::replace);
  file.write(bytes);
  file.commit();
}

bool write_file_if_changed(const fs::path& path, std::string_view bytes, Links links) {
  std::error_code error;
  const bool may_stay = links == Links::follow || !fs::is_symlink(path, error);
  if (may_stay && fs::is_regular_file(path, error) && fs::file_size(path, error) == bytes.size() &&
      read_file(path, bytes.size()) == bytes) {
    return false;
  }
  AtomicFile file(path, AtomicFile::Readers::as_usual, links);
  file.write(bytes);
  file.commit();
  return true;
}

void make_directories(const fs::path& path) {
  if (path.empty()) return;
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw file_error("create directory", path, error.value());
}

void make_directories_below(const fs::path& top, const fs::path& relative) {
  make_directories(top);
  auto path = top;
  for (const auto& part : relative) {
    path /= part;
    std::error_code ignored;
    if (fs::is_symlink(path, ignored)) {
      throw Error(Code::io, fmt::format("cannot write below `{}`: it is a link", path.native()));
    }
    make_directories(path);
  }
}

fs::path temporary_directory() {
  std::error_code error;
  auto directory = fs::temp_directory_path(error);
  if (error) {
    throw Error(Code::io, fmt::format("cannot make a temporary file: {}", error.message()))
        .hint("temporary files are made where TMPDIR says, or in /tmp");
  }
  return directory;
}

int open_unnamed_file(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  std::string name = (directory / "wasmctl.XXXXXX").native();
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named < 0) throw file_error("write", name, errno);
  ::unlink(name.c_str());
  return named;
}

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      if (errno == EPIPE) throw ClosedPipe(file_error("write", path, errno));
      throw file_error("write", path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void write_new_file(const fs::path& path, std::string_view bytes, Mode mode) {
  const mode_t bits = mode == Mode::secret ? 0600 : 0666;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, bits);
  if (fd < 0 && errno == EEXIST) {
    throw Error(Code::bad_input, fmt::format("`{}` is there already", path.native()));
  }
  if (fd < 0) throw file_error("write", path, errno);
  try {
    write_all(fd, bytes, path);
  } catch (...) {
    ::close(fd);
    ::unlink(path.c_str());
    throw;
  }
  if (::close(fd) == 0) return;
  const int error = errno;
  ::unlink(path.c_str());
  throw file_error("write", path, error);
}

AtomicFile::AtomicFile(fs::path path, Readers readers, Links links)
    : path_(links == Links::follow ? resolve_links(std::move(path)) : std::move(path)) {
  refuse_planted(path_);
  struct stat status = {};
  const bool found = ::lstat(path_.c_str(), &status) == 0;
  if (found && S_ISDIR(status.st_mode)) throw file_error("write", path_, EISDIR);
  const bool exists = found && (links == Links::follow || S_ISREG(status.st_mode));
  if (exists && (!S_ISREG(status.st_mode) || is_open_file(path_))) {
    fd_ = open_to_write(path_);
    return;
  }
  if (exists && ::access(path_.c_str(), W_OK) != 0) throw file_error("write", path_, errno);

  open_temporary();  // for its owner alone
  if (readers == Readers::owner) return;
  ::fchmod(fd_, exists ? (status.st_mode & 07777U) : (0666U & ~umask_of_process()));
}

void AtomicFile::open_temporary() {
  // A file gets its name through /proc.
  if (::access("/proc/self/fd", F_OK) == 0) {
    fd_ = ::open(directory_of(path_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    kind_ = Kind::unnamed;
    if (fd_ >= 0) return;
  }
  std::string name = path_.native() + ".XXXXXX";
  fd_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd_ < 0) throw file_error("write", path_, errno);
  kind_ = Kind::named;
  temporary_ = name;
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  write_all(fd_, bytes, path_);
}

// A link replaces nothing: where there is a file already, the new one is renamed over it.
void AtomicFile::give_name() {
  const auto unnamed = fmt::format("/proc/self/fd/{}", fd_);
  const auto link_as = [&](const fs::path& name) {
    return ::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  };
  if (link_as(path_)) return;
  while (errno == EEXIST) {
    auto name = name_beside(path_);
    if (link_as(name)) {
      temporary_ = std::move(name);
      return;
    }
  }
  throw file_error("write", path_, errno);
}

void AtomicFile::close() {
  const int fd = fd_;
  fd_ = -1;
  if (::close(fd) != 0) throw file_error("write", path_, errno);
}

void AtomicFile::commit() {
  if (kind_ == Kind::unnamed) give_name();
  close();
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) throw file_error("write", path_, errno);
  temporary_.clear();
}

FileLock::FileLock(const fs::path& path) {
  std::error_code ignored;
  const int mode =
      fs::is_directory(path, ignored) ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT | O_NOFOLLOW;
  fd_ = ::open(path.c_str(), mode | O_CLOEXEC, 0666);
  if (fd_ < 0) throw file_error("lock", path, errno);
  while (::flock(fd_, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    if (errno == ENOTSUP || errno == ENOLCK) return;
    const int error = errno;
    ::close(fd_);
    throw file_error("lock", path, error);
  }
}

FileLock::~FileLock() {
  ::close(fd_);
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (temporary_directory() / "wasmctl.XXXXXX").native();
  if (::mkdtemp(name.data()) == nullptr) throw file_error("create directory", name, errno);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace wasmctl::base
