// Bytes that stand somewhere, in memory or in a file, and are read without holding all of them: how
// modules, layers and other blobs are handed on. Memory does not grow with them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace wasmctl::base {

namespace fs = std::filesystem;

using Sink = std::function<void(std::string_view)>;

// A value: copies are cheap and share what they stand in, which stays open as long as one of them
// is there. Safe from several threads. Reading throws Error{Code::io} if the file has become
// shorter in the meantime.
class Content {
 public:
  Content() = default;  // no bytes
  Content(std::string bytes);

  // The file as it is now; its name may go. A pipe is read to its end. Throws
  // Error{Code::not_found} or {io}, and Error{Code::bad_input} if it has more than `max_bytes`.
  static Content of_file(const fs::path& path, std::uint64_t max_bytes);
  // The same of a regular file; throws Error{Code::bad_input} for a pipe or device, which it does
  // not wait for.
  static Content of_regular_file(const fs::path& path, std::uint64_t max_bytes);
  // Takes over an open descriptor; `name` is for messages.
  static Content of_descriptor(int fd, std::uint64_t size, fs::path name);

  std::uint64_t size() const { return size_; }

  // Hands all of it on, in pieces of at most 256 KiB.
  void read(const Sink& sink) const;
  // Copies `size` bytes from `offset` on; they must be there.
  void read_at(std::uint64_t offset, char* into, std::size_t size) const;

  // All at once. A file is mapped: a page of it takes memory when it is first touched. Valid as
  // long as a copy of this content is there.
  std::string_view view() const;
  operator std::string_view() const { return view(); }

  // `size` bytes from `offset` on, which must be there.
  Content part(std::uint64_t offset, std::uint64_t size) const;

 private:
  class Store;
  explicit Content(std::shared_ptr<const Store> store, std::uint64_t offset, std::uint64_t size);
  friend class Arriving;

  std::shared_ptr<const Store> store_;  // null: no bytes
  std::uint64_t offset_ = 0;
  std::uint64_t size_ = 0;
};

// Content in the making: in memory while it is small, then in a file without a name, which is gone
// however the process ends.
class Spool {
 public:
  Spool() = default;
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  void write(std::string_view bytes);
  // The object is used up.
  Content finish();

 private:
  std::string bytes_;
  int fd_ = -1;
  std::uint64_t size_ = 0;  // in the file
};

// Content that is read while another thread still writes it: who reads ahead waits. It stands in a
// file without a name.
class Arriving {
 public:
  // Of that many bytes, at least one.
  explicit Arriving(std::uint64_t size);

  // May be read at once. A read of what did not come throws Error{Code::io}.
  Content content() const;

  void write(std::string_view bytes);
  // Exactly one of these comes at the end. The last byte is not to be had before finish(), so that
  // nobody takes for whole what may turn out to be wrong.
  void finish();
  void fail();

 private:
  std::shared_ptr<Content::Store> store_;
  std::uint64_t size_;
};

}  // namespace wasmctl::base
