// gzip (RFC 1952): written the same for the same bytes, read with a bound, both as the bytes stream
// by. libdeflate writes (smaller than zlib, in a third of the time), zlib reads; both stay behind
// this header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/content.hpp"

namespace wasmctl::base {

// What is longer than this is written as several members, each of this many bytes: so memory is
// bounded, and processors share the work. Readers take members for one stream (RFC 1952, 2.2).
inline constexpr std::size_t kGzipMemberBytes = 1024 * 1024;

class GzipWriter {
 public:
  explicit GzipWriter(Sink sink);
  ~GzipWriter();
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;

  void write(std::string_view bytes);
  void finish();

 private:
  void pack();

  const Sink sink_;
  bool several_ = false;              // there will be more than one member
  std::vector<std::string> waiting_;  // to be packed; all but the last are full
};

// Members with no name, no comment and time stamp 0; unpacked by gzip(1).
std::string gzip(std::string_view bytes);

// All members, one after the other, as gzip(1) reads them. What comes out goes to the sink at once.
class GzipReader {
 public:
  GzipReader(Sink sink, std::uint64_t max_bytes);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  // Throws Error{Code::bad_input} if the bytes are no gzip stream, fail their checksum, unpack to
  // more than `max_bytes`, or have a name or comment that is too long for Go's reader.
  void write(std::string_view bytes);
  // Throws Error{Code::bad_input} if the stream is cut short.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same in memory.
std::string gunzip(std::string_view bytes, std::uint64_t max_bytes);

}  // namespace wasmctl::base
