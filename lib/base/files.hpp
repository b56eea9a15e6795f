// Files: read whole with a bound, written whole or not at all.
// Every function throws Error{Code::not_found} where the file does not exist, else Error{Code::io},
// which is a ClosedPipe for EPIPE; the message names the path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wasmctl::base {

namespace fs = std::filesystem;

// Nobody reads any more what is written to a pipe.
class ClosedPipe : public Error {
 public:
  explicit ClosedPipe(Error error) : Error(std::move(error)) {}
};

// The bytes of a regular file or a pipe. /dev/stdin is the descriptor 0 as it stands, whatever it
// is. Throws Error{Code::bad_input} if there are more than `max_bytes`, without reading further.
std::string read_file(const fs::path& path, std::uint64_t max_bytes);

// The same without a bound, in pieces of a few hundred KiB.
void read_file_by_pieces(const fs::path& path, const std::function<void(std::string_view)>& sink);

// Writes beside `path` and renames over it, so that a reader sees the old file or the new one,
// never a part, and a full disk leaves no trace. A link at `path` is written through; a device
// or pipe, and whatever an open descriptor stands for (/dev/stdout, /dev/fd/3), is written to
// directly. The mode of an existing file is kept; a new one gets 0666 less the umask. Refused is,
// as by Linux, what another user has put into a directory where all may write (/tmp).
void write_file(const fs::path& path, std::string_view bytes);

// The same for what only its owner may read: the file gets 0600, whatever the old one had.
void write_secret_file(const fs::path& path, std::string_view bytes);

// Writes a file that must not be there yet, whatever it is. Throws Error{Code::bad_input} if it is.
enum class Mode : std::uint8_t { as_usual, secret };  // 0666 less the umask; 0600
void write_new_file(const fs::path& path, std::string_view bytes, Mode mode);

// What becomes of a link at the path of a file that is written.
enum class Links : std::uint8_t {
  follow,   // the caller's choice: what it points at is written
  replace,  // nobody's choice, as in a directory of ours that came with an archive
};

// As write_file, but leaves a file that has these very bytes untouched, with its time stamp.
// True if it wrote.
bool write_file_if_changed(const fs::path& path, std::string_view bytes,
                           Links links = Links::follow);

// Writes `path` as write_file does, and replaces whatever has that name: no link is followed, no
// pipe or device is written to.
void replace_file(const fs::path& path, std::string_view bytes);

// The directory that has the entry `path`: "." of a bare name.
fs::path directory_of(const fs::path& path);

// mkdir -p. Of the empty path, which is the parent of a bare name: nothing.
void make_directories(const fs::path& path);

// mkdir -p `top`/`relative`, where no part of `relative` may be a link: it would lead out of `top`.
void make_directories_below(const fs::path& top, const fs::path& relative);

// Where TMPDIR says. Throws Error{Code::io} if there is no such directory.
fs::path temporary_directory();

// A descriptor for reading and writing of a file in `directory` that has no name: it is gone when
// it is closed, however the process ends.
int open_unnamed_file(const fs::path& directory);

// All of `bytes`, where the descriptor stands; `path` is for messages.
void write_all(int fd, std::string_view bytes, const fs::path& path);

// What read_file throws for a file that is too long.
Error too_long(const fs::path& path, std::uint64_t max_bytes);

// A file in the making, for content that is not in memory at once: it appears at `path` on
// commit(), with the same rules as write_file. Until then it has no name where the file system
// allows that, and a process that is killed leaves nothing; but between the two steps of replacing
// an old file (Linux has no single one) it leaves the new one, whole, beside it.
class AtomicFile {
 public:
  enum class Readers {
    as_usual,  // as the mode of the old file, or the umask, has it
    owner,     // alone
  };
  explicit AtomicFile(fs::path path, Readers readers = Readers::as_usual,
                      Links links = Links::follow);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  enum class Kind {
    direct,   // a pipe or device, which cannot be replaced
    unnamed,  // linked to its place on commit
    named,    // at `temporary_`, renamed to its place on commit
  };
  void open_temporary();
  void give_name();
  void close();

  fs::path path_;  // where it will stand, links resolved
  fs::path temporary_;
  Kind kind_ = Kind::direct;
  int fd_ = -1;
};

// Held while it exists: other processes that lock the same path wait. A directory is locked itself;
// a file is made if absent, and stays; a link is not followed. A file system without locks (some
// network ones) is no reason to refuse.
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
