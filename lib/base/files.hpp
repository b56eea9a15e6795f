// Files: read whole with a bound, written whole or not at all.
// Every function throws Error{Code::not_found} where the file does not exist, else Error{Code::io};
// the message names the path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace wasmctl::base {

namespace fs = std::filesystem;

// The bytes of a regular file or a pipe. Throws Error{Code::bad_input} if it has more than
// `max_bytes`, without reading further.
std::string read_file(const fs::path& path, std::uint64_t max_bytes);

// The same without a bound, in pieces of a few hundred KiB.
void read_file_by_pieces(const fs::path& path, const std::function<void(std::string_view)>& sink);

// Writes beside `path` and renames over it, so that a reader sees the old file or the new one,
// never a part, and a full disk leaves no trace. A link at `path` is written through; a device
// or pipe (/dev/stdout) is written to directly. The mode of an existing file is kept; a new one
// gets 0666 less the umask.
void write_file(const fs::path& path, std::string_view bytes);

// As write_file, but leaves a file that has these very bytes untouched, with its time stamp.
// True if it wrote.
bool write_file_if_changed(const fs::path& path, std::string_view bytes);

// mkdir -p.
void make_directories(const fs::path& path);

// A file in the making, for content that is not in memory at once: it appears at `path` on
// commit(), with the same rules as write_file; destroyed before that, it leaves nothing.
class AtomicFile {
 public:
  explicit AtomicFile(fs::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  fs::path path_;       // where it will stand, links resolved
  fs::path temporary_;  // empty when written to directly
  int fd_ = -1;
};

// Held while it exists: other processes that lock the same file wait. The file is made if absent
// and stays.
class FileLock {
 public:
  explicit FileLock(const fs::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_;
};

// A directory to work in that goes with the object: for handing bytes to another program.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace wasmctl::base
