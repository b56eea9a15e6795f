#include "base/content.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"

namespace wasmctl::base {

namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;
// A smaller file is read at once, which costs less than to map it.
constexpr std::uint64_t kReadAtOnceBytes = 256 * 1024;
constexpr std::size_t kSpoolInMemoryBytes = 1024 * 1024;

Error cannot_read(const fs::path& name, int error) {
  return {Code::io, fmt::format("cannot read `{}`: {}", name.native(), std::strerror(error))};
}

// Does what writes a temporary file.
template <typename Task>
void with_hint(const Task& task) {
  try {
    task();
  } catch (Error& error) {
    throw error.hint("temporary files are made where TMPDIR says");
  }
}

}  // namespace

class Content::Store {
 public:
  explicit Store(std::string bytes) : bytes_(std::move(bytes)) {}
  Store(int fd, std::uint64_t size, fs::path name)
      : fd_(fd), file_size_(size), name_(std::move(name)) {}
  ~Store() {
    if (map_ != nullptr) ::munmap(map_, static_cast<std::size_t>(file_size_));
    if (fd_ >= 0) ::close(fd_);
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // A file in the making, of which nothing is there yet.
  static std::shared_ptr<Store> arriving(int fd, std::uint64_t size, const fs::path& name) {
    auto store = std::make_shared<Store>(fd, size, name);
    store->there_ = 0;
    return store;
  }

  void append(std::string_view bytes) {
    write_all(fd_, bytes, name_);
    written_ += bytes.size();
    make_available(std::min(written_, file_size_ - 1));
  }
  void finish() { make_available(file_size_); }
  void fail() {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    changed_.notify_all();
  }

  bool in_memory() const { return fd_ < 0; }

  std::string_view view() const {
    if (in_memory()) return bytes_;
    const auto size = static_cast<std::size_t>(file_size_);
    wait_for(file_size_);
    const std::lock_guard lock(mutex_);
    if (map_ == nullptr) {
      void* map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd_, 0);
      if (map == MAP_FAILED) throw cannot_read(name_, errno);
      map_ = map;
    }
    return {static_cast<const char*>(map_), size};
  }

  void read_at(std::uint64_t offset, char* into, std::size_t size) const {
    if (in_memory()) {
      std::memcpy(into, bytes_.data() + offset, size);
      return;
    }
    wait_for(offset + size);
    while (size > 0) {
      const auto got = ::pread(fd_, into, size, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw cannot_read(name_, errno);
      if (got == 0) {
        throw Error(Code::io, fmt::format("`{}` became shorter while it was read", name_.native()));
      }
      into += got;
      offset += static_cast<std::uint64_t>(got);
      size -= static_cast<std::size_t>(got);
    }
  }

 private:
  void make_available(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    there_ = bytes;
    changed_.notify_all();
  }

  void wait_for(std::uint64_t bytes) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return there_ >= bytes || failed_; });
    if (there_ < bytes) throw Error(Code::io, fmt::format("`{}` did not arrive", name_.native()));
  }

  const std::string bytes_;
  const int fd_ = -1;
  const std::uint64_t file_size_ = 0;
  const fs::path name_;
  std::uint64_t written_ = 0;  // of a file that arrives
  mutable std::mutex mutex_;   // guards what follows
  mutable std::condition_variable changed_;
  std::uint64_t there_ = file_size_;
  bool failed_ = false;
  mutable void* map_ = nullptr;
};

Content::Content(std::shared_ptr<const Store> store, std::uint64_t offset, std::uint64_t size)
    : store_(std::move(store)), offset_(offset), size_(size) {}

Content::Content(std::string bytes) : size_(bytes.size()) {
  if (size_ > 0) store_ = std::make_shared<const Store>(std::move(bytes));
}

Content Content::of_file(const fs::path& path, std::uint64_t max_bytes) {
  struct stat status = {};
  // Of standard input only what is not read yet counts.
  const bool large = path != "/dev/stdin" && ::stat(path.c_str(), &status) == 0 &&
                     S_ISREG(status.st_mode) &&
                     static_cast<std::uint64_t>(status.st_size) > kReadAtOnceBytes;
  if (!large) return {read_file(path, max_bytes)};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw cannot_read(path, errno);
  auto content = of_descriptor(fd, static_cast<std::uint64_t>(status.st_size), path);
  if (content.size() > max_bytes) throw too_long(path, max_bytes);
  return content;
}

Content Content::of_regular_file(const fs::path& path, std::uint64_t max_bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const auto code = errno == ENOENT || errno == ENOTDIR ? Code::not_found : Code::io;
    throw Error(code, cannot_read(path, errno).message());
  }
  struct stat status = {};
  const bool regular = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  auto content = of_descriptor(fd, static_cast<std::uint64_t>(status.st_size), path);
  if (!regular) {
    throw Error(Code::bad_input, fmt::format("`{}` is not a regular file", path.native()));
  }
  if (content.size() > max_bytes) throw too_long(path, max_bytes);
  if (content.size() > kReadAtOnceBytes) return content;
  std::string bytes(static_cast<std::size_t>(content.size()), '\0');
  content.read_at(0, bytes.data(), bytes.size());
  return {std::move(bytes)};
}

Content Content::of_descriptor(int fd, std::uint64_t size, fs::path name) {
  return Content(std::make_shared<const Store>(fd, size, std::move(name)), 0, size);
}

void Content::read(const Sink& sink) const {
  if (store_ == nullptr) return;
  if (store_->in_memory()) return sink(view());
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, size_)), '\0');
  for (std::uint64_t done = 0; done < size_; done += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size_ - done)));
    read_at(done, piece.data(), piece.size());
    sink(piece);
  }
}

void Content::read_at(std::uint64_t offset, char* into, std::size_t size) const {
  if (offset > size_ || size > size_ - offset) {
    throw Error(Code::internal, "a read beyond the end of some content");
  }
  if (size > 0) store_->read_at(offset_ + offset, into, size);
}

std::string_view Content::view() const {
  if (size_ == 0) return {};
  return store_->view().substr(static_cast<std::size_t>(offset_), static_cast<std::size_t>(size_));
}

Content Content::part(std::uint64_t offset, std::uint64_t size) const {
  if (offset > size_ || size > size_ - offset) {
    throw Error(Code::internal, "a part beyond the end of some content");
  }
  return Content(store_, offset_ + offset, size);
}

Spool::~Spool() {
  if (fd_ >= 0) ::close(fd_);
}

void Spool::write(std::string_view bytes) {
  if (fd_ < 0 && bytes_.size() + bytes.size() <= kSpoolInMemoryBytes) {
    bytes_ += bytes;
    return;
  }
  const auto directory = temporary_directory();
  with_hint([&] {
    if (fd_ < 0) {
      fd_ = open_unnamed_file(directory);
      write_all(fd_, bytes_, directory);
      size_ = bytes_.size();
      bytes_ = {};
    }
    write_all(fd_, bytes, directory);
    size_ += bytes.size();
  });
}

Content Spool::finish() {
  if (fd_ < 0) return {std::move(bytes_)};
  return Content::of_descriptor(std::exchange(fd_, -1), size_, "a temporary file");
}

Arriving::Arriving(std::uint64_t size) : size_(size) {
  const auto directory = temporary_directory();
  with_hint(
      [&] { store_ = Content::Store::arriving(open_unnamed_file(directory), size, directory); });
}

Content Arriving::content() const {
  return Content(store_, 0, size_);
}

void Arriving::write(std::string_view bytes) {
  with_hint([&] { store_->append(bytes); });
}
void Arriving::finish() {
  store_->finish();
}
void Arriving::fail() {
  store_->fail();
}

}  // namespace wasmctl::base
